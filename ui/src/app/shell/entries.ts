import { IconApi, IconBook2, IconCirclePlus, IconHeartRateMonitor, IconHome, IconLayoutGrid, IconPuzzle, IconShieldCheck, IconUsersGroup, type Icon } from "@tabler/icons-react";
import { useCan } from "@/components/can";
import { contributedPages, usePlugins } from "@/components/navigation";
import { singleKind } from "@/lib/query/facets";
import { parseQuery } from "@/lib/query/grammar";
import { paths, type Target } from "@/lib/paths";
import { strings } from "@/app/strings";

/** One line of the navigation. */
export interface Entry {
  title: string;
  target: Target;
  icon: Icon;
  /** The second letter of its `g …` keys. */
  key?: string;
}

export interface EntryGroup {
  title?: string;
  entries: Entry[];
}

/** The navigation as this person has it: only what is installed and what they may. */
export function useEntries(): EntryGroup[] {
  const { plugins, installed } = usePlugins();
  const [seesPlugins, seesPolicy, seesHealth] = useCan(["plugins.read", "policy.read", "health.read"]);
  const when = (shown: boolean | undefined, entry: Entry): Entry[] => (shown ? [entry] : []);
  const contributed = contributedPages(plugins).map((page): Entry => ({ title: page.title, target: { to: page.path }, icon: IconPuzzle }));
  const groups: EntryGroup[] = [
    {
      entries: [
        { title: strings.home, target: paths.home(), icon: IconHome, key: "h" },
        ...when(installed("catalog"), { title: strings.catalog, target: paths.catalog(), icon: IconLayoutGrid, key: "c" }),
        ...when(installed("catalog"), { title: strings.apis, target: paths.apis(), icon: IconApi, key: "a" }),
        ...when(installed("catalog"), { title: strings.teams, target: paths.org(), icon: IconUsersGroup, key: "t" }),
        ...when(installed("techdocs"), { title: strings.docs, target: paths.docs(), icon: IconBook2, key: "d" }),
        ...when(installed("scaffolder"), { title: strings.create, target: paths.create(), icon: IconCirclePlus, key: "n" }),
      ],
    },
    { title: strings.more, entries: contributed },
    {
      title: strings.admin,
      entries: [
        ...when(seesPlugins, { title: strings.plugins, target: paths.plugins(), icon: IconPuzzle, key: "p" }),
        ...when(seesPolicy, { title: strings.policy, target: paths.policy(), icon: IconShieldCheck, key: "o" }),
        ...when(seesHealth, { title: strings.health, target: paths.health(), icon: IconHeartRateMonitor, key: "s" }),
      ],
    },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

/** Whether the entry stands for the page in sight. APIs are the catalog with one kind, so that kind decides. */
export function isCurrent(entry: Entry, pathname: string, query: string | undefined): boolean {
  const { to, search } = entry.target;
  if (to === "/") return pathname === "/";
  if (pathname.startsWith(paths.org().to)) return to === paths.org().to;
  if (to === paths.catalog().to) {
    const [, section, , kind] = pathname.split("/");
    if (section !== "catalog") return false;
    const shown = pathname === to ? singleKind(parseQuery(query ?? "").terms) : kind;
    return (shown === "api") === (search?.q !== undefined);
  }
  return pathname === to || pathname.startsWith(`${to}/`);
}
