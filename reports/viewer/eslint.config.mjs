import js from "@eslint/js";
import globals from "globals";

const shared = {
  eqeqeq: "error",
  "prefer-const": "error",
  "no-var": "error",
  complexity: ["error", 20],
  "max-lines": ["error", 400],
  "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
};

export default [
  { ignores: ["node_modules/", "shots/"] },
  js.configs.recommended,
  {
    files: ["*.js"],
    languageOptions: { sourceType: "script", globals: globals.browser },
    // The scripts share one global scope. The compiler knows which names it has; a linter of single files does not.
    rules: { ...shared, "no-undef": "off", "no-unused-vars": ["error", { vars: "local" }] },
  },
  // What a test hands to the browser runs there.
  { files: ["**/*.mjs"], languageOptions: { globals: { ...globals.nodeBuiltin, ...globals.browser } }, rules: shared },
];
