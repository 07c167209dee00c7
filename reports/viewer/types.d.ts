// The data that the page carries, as its header says it. Times are nanoseconds of simulated time.

type Theme = "auto" | "light" | "dark";
type MainTab = "lanes" | "table";
type SideTab = "story" | "event" | "state" | "filters";
type Ref = [run: number, index: number];

interface LaneHeader { name: string; kind: "node" | "client" | "world" }
interface Violation {
  property: string; message: string; event: number | null; t: number; lane: number | null; story: string[];
  /** Events before it that it does not go together with. */
  against: number[];
}
// Where the data says null for "to the end of the run", reading it fills in the end.
interface Fault { kind: string; what: string; from: number; to: number; lanes: number[]; event: number }
interface Down { lane: number; from: number; to: number; why: "crash" | "pause" }
interface Operation {
  lane: number; asked: string; answer: string | null; outcome: "ok" | "failed" | "unknown";
  /** Events. */
  from: number; to: number | null; part: "culprit" | "story" | null; order: number | null;
  /** Times, which reading it fills in. */
  start: number; end: number;
}
interface Property { name: string; doc: string; checked: boolean; broken: number | null }
interface RunHeader {
  name: string; scenario: string; protocol: string; bug: string | null; seed: string; digest: string;
  reproduce: string; end: number; verdict: "violation" | "pass" | "inconclusive"; violation: Violation | null;
  lanes: LaneHeader[]; kinds: string[]; labels: string[]; details: string[]; fields: string[]; values: string[];
  faults: Fault[]; down: Down[]; operations: Operation[]; properties: Property[]; truncated: number;
  columns: Record<string, [offset: number, length: number, count: number]>;
}
interface Divergence { why: string[]; at: [number, number] }
interface PageHeader {
  page: number; tool: string; title: string; runs: RunHeader[]; diverges: Divergence | null;
}

/** What is looked at, and how: all of it is in the address, after `#`. */
interface ViewState {
  /** Which runs are drawn: one of two, or both. */
  runs: "0" | "1" | "both";
  /** The window, on the axis of the first run. */
  from: number; to: number;
  cursor: number;
  selected: Ref | null;
  /** The lane whose state is shown. */
  lane: Ref | null;
  hiddenKinds: string[]; hiddenLabels: string[]; hiddenLanes: string[];
  routine: boolean;
  theme: Theme; main: MainTab; side: SideTab;
  /** How far the causal slice reaches; null: as far as stays readable. */
  hops: number | null;
  pins: string[];
  query: string;
}

interface Stroke { stroke?: string; fill?: string; width?: number; dash?: number[]; alpha?: number }
interface Lettering { fill: string; size?: number; bold?: boolean; align?: "left" | "center" | "right"; alpha?: number }
type Shape = "disc" | "ring" | "square" | "box" | "diamond" | "down" | "up" | "cross" | "flag";

/** A lane as it is drawn, or the heading of a run. */
interface Row {
  run: number; lane: number; name: string; kind: "node" | "client" | "world" | "heading"; y: number; height: number;
}
interface Frame {
  left: number; width: number; height: number; from: number; to: number; rows: Row[];
}

/** A run as it is drawn. */
interface Panel {
  run: number; trace: Trace; states: States; shown: Shown;
  /** What is added to its times on the common axis, so that two runs stand side by side where they diverge. */
  shift: number;
  /** The window in the run's own time. */
  from: number; to: number;
  slice: Map<number, number> | null;
  hits: number[];
  /** The rows of its lanes; none for a hidden lane. */
  rows: (Row | undefined)[];
  /** Where a time of the run is drawn. */
  x(time: number): number;
  /** Where a span of the run's time is drawn, hardly beyond the window; null if outside. */
  span(from: number, to: number): [number, number] | null;
}
type Ink = Record<string, string>;
type Bar = Pick<Partial<Operation>, "part"> & Pick<Operation, "outcome"> & { box: number[] };
type MessageStyle = keyof ReturnType<typeof messageStyles>;
type Key = keyof ViewState;
/** How one part of the state is written; reading gives undefined for what makes no sense. */
interface Codec { write(value: any): string; read(text: string, traces: Trace[]): any }
interface Scene {
  view: ViewState; frame: Frame; panels: Panel[]; palette: Palette; ink: Ink; diverges: Divergence | null;
}
/** What of a canvas the pen needs. */
interface Surface {
  globalAlpha: number; lineWidth: number; font: string; fillStyle: CanvasFillStrokeStyles["fillStyle"]; strokeStyle: CanvasFillStrokeStyles["fillStyle"];
  textBaseline: CanvasTextBaseline; textAlign: CanvasTextAlign;
  setLineDash(lengths: number[]): void; beginPath(): void; save(): void; restore(): void; fill(): void; stroke(): void; clip(): void;
  moveTo(x: number, y: number): void; lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  fillText(words: string, x: number, y: number): void;
  measureText(words: string): { width: number };
}
type Paint = (pen: Pen, scene: Scene, panel: Panel) => void;
