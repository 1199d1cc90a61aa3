import js from "@eslint/js";
import boundaries from "eslint-plugin-boundaries";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// lib ← api ← ui ← components ← features ← app, one way; a feature never imports another feature.
const layers = [
  { type: "app", pattern: "src/app/**", partialMatch: false },
  { type: "features", pattern: "src/features/*/**", partialMatch: false, capture: ["feature"] },
  { type: "components", pattern: "src/components/**", partialMatch: false },
  { type: "ui", pattern: "src/ui/**", partialMatch: false },
  { type: "api", pattern: "src/api/**", partialMatch: false },
  { type: "lib", pattern: "src/lib/**", partialMatch: false },
];

const allow = (from, to) => ({ from: { element: { type: from } }, allow: { to: to.map((type) => ({ element: { type } })) } });

export default tseslint.config(
  { ignores: ["dist", "node_modules", "test-results", "playwright-report", "coverage", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ["**/*.{ts,tsx}"] })),
  {
    files: ["**/*.{ts,tsx}"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/only-throw-error": ["error", { allow: [{ from: "package", package: "@tanstack/router-core", name: ["Redirect", "NotFoundError"] }] }],
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { boundaries, "react-hooks": reactHooks },
    settings: {
      "boundaries/elements": layers,
      "import/resolver": { typescript: { project: "./tsconfig.json" } },
    },
    rules: {
      ...reactHooks.configs.recommended.rules,
      "max-lines": ["error", 400],
      "no-restricted-imports": ["error", { patterns: [{ group: ["../*"], message: "Use @/ across folders; ./ inside one." }] }],
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            allow("lib", ["lib"]),
            allow("api", ["api", "lib"]),
            allow("ui", ["ui", "api", "lib"]),
            allow("components", ["components", "ui", "api", "lib"]),
            allow("features", ["components", "ui", "api", "lib"]),
            { from: { element: { type: "features" } }, allow: { to: { element: { type: "features", captured: { feature: "{{from.element.captured.feature}}" } } } } },
            allow("app", ["app", "features", "components", "ui", "api", "lib"]),
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly", Buffer: "readonly", setTimeout: "readonly", URLSearchParams: "readonly" } },
  },
);
