"use strict";
// Reads what the page carries: base64 of gzip of a header and of columns of LEB128 numbers.

const FORMAT = 1;

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOfBase64(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array>}
 */
async function gunzip(bytes) {
  if (typeof DecompressionStream === "undefined") throw new Error("This browser is too old: it cannot decompress gzip.");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Decodes `count` unsigned numbers. They may be as large as 2^53, so that shifts, which are of 32 bits, do not do.
 * @param {Uint8Array} bytes @param {number} offset @param {number} length @param {number} count
 * @param {string} name for messages
 */
function varints(bytes, offset, length, count, name) {
  const end = offset + length;
  if (end > bytes.length) throw new Error(`Column ${name} reaches beyond the data.`);
  const numbers = new Float64Array(count);
  let at = offset;
  for (let i = 0; i < count; i++) {
    let byte = at < end ? bytes[at++] : 128;
    let value = byte & 127;
    for (let weight = 128; byte >= 128; weight *= 128) {
      if (at >= end) throw new Error(`Column ${name} ends after ${i} of ${count} numbers.`);
      byte = bytes[at++];
      value += (byte & 127) * weight;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new Error(`Column ${name} has a number that is too large.`);
    numbers[i] = value;
  }
  if (at !== end) throw new Error(`Column ${name} has ${end - at} bytes too many.`);
  return numbers;
}

/**
 * @param {string} base64
 * @returns {Promise<{header: PageHeader, traces: Trace[]}>}
 */
async function readPage(base64) {
  let bytes;
  try {
    bytes = await gunzip(bytesOfBase64(base64));
  } catch (error) {
    throw new Error(`The data cannot be unpacked (${error instanceof Error ? error.message : error}).`, { cause: error });
  }
  if (bytes.length < 4) throw new Error("The data is empty.");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (4 + length > bytes.length) throw new Error("The data is cut off within its header.");
  /** @type {PageHeader} */
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.page !== FORMAT) throw new Error(`The data has format ${header.page}; this page reads format ${FORMAT}.`);
  const columns = bytes.subarray(4 + length);
  const traces = header.runs.map((run) => {
    /** @type {Record<string, Float64Array>} */
    const read = {};
    for (const [name, [offset, size, count]] of Object.entries(run.columns)) {
      read[name] = varints(columns, offset, size, count, name);
    }
    return new Trace(run, read);
  });
  return { header, traces };
}
