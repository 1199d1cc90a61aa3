import { IconApi, IconBox, IconComponents, IconDatabase, IconHierarchy2, IconMapPin, IconPuzzle, IconSitemap, IconSparkles, IconTemplate, IconUser, IconUsersGroup, type Icon } from "@tabler/icons-react";

const ICONS: Record<string, Icon> = {
  component: IconComponents,
  api: IconApi,
  resource: IconDatabase,
  system: IconHierarchy2,
  domain: IconSitemap,
  group: IconUsersGroup,
  user: IconUser,
  template: IconTemplate,
  location: IconMapPin,
  airesource: IconSparkles,
  plugin: IconPuzzle,
};

/** The icon of a kind, the same everywhere. The kind itself is said in words beside it or in the label. */
export function KindIcon({ kind, size = 16, label }: { kind: string; size?: number; label?: string }) {
  const KindGlyph = ICONS[kind.toLowerCase()] ?? IconBox;
  const spoken = label === undefined ? { "aria-hidden": true as const } : { role: "img", "aria-label": label };
  return <KindGlyph size={size} stroke={1.6} color="var(--cb-text-faint)" style={{ flex: "none" }} {...spoken} />;
}
