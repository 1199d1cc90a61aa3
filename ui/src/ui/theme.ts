import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** One accent: every shade that the widget library may ask for is a role of tokens.css. */
const accent: MantineColorsTuple = [
  "var(--cb-accent-soft)",
  "var(--cb-accent-soft)",
  "var(--cb-accent-soft)",
  "var(--cb-accent)",
  "var(--cb-accent)",
  "var(--cb-accent)",
  "var(--cb-accent)",
  "var(--cb-accent-hover)",
  "var(--cb-accent-hover)",
  "var(--cb-accent-hover)",
];

export const theme = createTheme({
  fontFamily: "var(--cb-font)",
  fontFamilyMonospace: "var(--cb-font-mono)",
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 6 },
  defaultRadius: "var(--cb-radius)",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 28 } },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 100 } } },
    // The placeholder is a child that a menu may not have; without it the first item takes the focus. A menu
    // stays where its button is, inside the same landmark.
    Menu: { defaultProps: { transitionProps: { duration: 100 }, shadow: "md", withInitialFocusPlaceholder: false, withinPortal: false } },
    // The head of a dialog is a header element; without this it would be a second banner of the page.
    Modal: { defaultProps: { transitionProps: { duration: 120 }, attributes: { header: { role: "none" } } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 }, attributes: { header: { role: "none" } } } },
    TextInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Autocomplete: { defaultProps: { size: "xs" } },
    NativeSelect: { defaultProps: { size: "xs" } },
    Radio: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
  },
});

/** Hands the widget library our roles in place of its own palette, the same names in both schemes. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const roles = {
    "--mantine-color-body": "var(--cb-surface)",
    "--mantine-color-text": "var(--cb-text)",
    "--mantine-color-dimmed": "var(--cb-text-muted)",
    "--mantine-color-placeholder": "var(--cb-text-faint)",
    "--mantine-color-anchor": "var(--cb-accent)",
    "--mantine-color-default": "var(--cb-surface)",
    "--mantine-color-default-hover": "var(--cb-hover)",
    "--mantine-color-default-color": "var(--cb-text)",
    "--mantine-color-default-border": "var(--cb-line)",
    "--mantine-color-error": "var(--cb-error)",
    "--mantine-color-disabled": "var(--cb-sunken)",
    "--mantine-color-disabled-color": "var(--cb-text-faint)",
    "--mantine-color-disabled-border": "var(--cb-line)",
    "--mantine-color-dark-filled": "var(--cb-text)",
    "--mantine-color-gray-light": "var(--cb-sunken)",
    "--mantine-color-gray-light-hover": "var(--cb-pressed)",
    "--mantine-color-gray-light-color": "var(--cb-text-muted)",
    "--mantine-color-gray-outline": "var(--cb-text-muted)",
    "--mantine-color-accent-filled": "var(--cb-accent)",
    "--mantine-color-accent-filled-hover": "var(--cb-accent-hover)",
    "--mantine-color-accent-light": "var(--cb-accent-soft)",
    "--mantine-color-accent-light-hover": "var(--cb-accent-soft)",
    "--mantine-color-accent-light-color": "var(--cb-accent)",
    "--mantine-color-accent-outline": "var(--cb-accent)",
    "--mantine-color-accent-text": "var(--cb-accent)",
    "--mantine-color-red-filled": "var(--cb-error)",
    "--mantine-color-red-filled-hover": "var(--cb-error)",
    "--mantine-color-red-light": "var(--cb-error-soft)",
    "--mantine-color-red-light-color": "var(--cb-error)",
    "--mantine-primary-color-filled": "var(--cb-accent)",
    "--mantine-primary-color-filled-hover": "var(--cb-accent-hover)",
    "--mantine-primary-color-contrast": "var(--cb-on-accent)",
    "--mantine-color-white": "var(--cb-on-accent)",
  };
  return {
    variables: { "--mantine-shadow-md": "var(--cb-shadow-2)", "--mantine-shadow-xl": "var(--cb-shadow-3)", "--mantine-line-height": "var(--cb-line-normal)" },
    light: roles,
    dark: roles,
  };
};
