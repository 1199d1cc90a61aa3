import { IconAlarm, IconApi, IconBell, IconChartLine, IconClock, IconDatabase, IconFile, IconId, IconKey, IconLayoutGrid, IconListCheck, IconMarkdown, IconNotes, IconPuzzle, IconSettings, IconShieldCheck, IconWorld, type Icon } from "@tabler/icons-react";

const ICONS: Record<string, Icon> = {
  audit: IconShieldCheck,
  blob: IconFile,
  catalog: IconLayoutGrid,
  clock: IconClock,
  config: IconSettings,
  event: IconBell,
  http: IconWorld,
  identity: IconId,
  kv: IconDatabase,
  log: IconNotes,
  metric: IconChartLine,
  plugin: IconPuzzle,
  render: IconMarkdown,
  schedule: IconAlarm,
  secret: IconKey,
  task: IconListCheck,
};

/** The one icon of a capability. */
export function CapabilityIcon({ name }: { name: string }) {
  const Glyph = ICONS[name] ?? IconApi;
  return <Glyph size={18} stroke={1.6} aria-hidden="true" />;
}
