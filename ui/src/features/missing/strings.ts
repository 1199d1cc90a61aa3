/** Every word of the pages for what is not installed. */
export const strings = {
  docsTitle: "Docs",
  docsBody: "Docs that live beside the code, rendered in the portal.",
  createTitle: "Create",
  createBody: "Templates that create a repository, a service or whatever the platform offers.",
  notInstalled: "Not installed here",
  broughtBy: (plugin: string) => `The plugin “${plugin}” brings this page. Whoever runs this portal can install it.`,
  running: (plugin: string) => `The plugin “${plugin}” is here, but this version of the portal has no page for it yet.`,
  seePlugins: "See the plugins",
} as const;
