import { ActionIcon, Drawer, Kbd, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle, IconCirclePlus, IconContrast, IconKeyboard, IconMenu2, IconSearch, IconSchema, IconSettings } from "@tabler/icons-react";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, type MouseEvent } from "react";
import { PageProviders } from "@/app/providers";
import { strings } from "@/app/strings";
import { useCan } from "@/components/can";
import { useActions, type Action } from "@/components/command/actions";
import { usePlugins } from "@/components/navigation";
import { paths } from "@/lib/paths";
import { useKeys } from "@/ui/keys";
import { useRouteFocus } from "@/ui/route-focus";
import { useEntries } from "./entries";
import { KeyHelp } from "./KeyHelp";
import { LiveIndicator } from "./LiveIndicator";
import { Rail, useCollapsed } from "./Rail";
import classes from "./Shell.module.css";

const loadPalette = () => import("@/components/command/CommandPalette");
const CommandPalette = lazy(loadPalette);

/** The frame around every page: navigation, search, keys, and where the focus goes. */
export function Shell() {
  const collapsed = useCollapsed();
  const [palette, paletteActions] = useDisclosure(false);
  const [help, helpActions] = useDisclosure(false);
  const [drawer, drawerActions] = useDisclosure(false);
  useRouteFocus();
  useShellActions(paletteActions.toggle, helpActions.toggle);
  // The palette is small and always a key away: it comes when the browser has nothing better to do.
  useEffect(() => {
    const idle = window.setTimeout(() => void loadPalette(), 1500);
    return () => clearTimeout(idle);
  }, []);
  return (
    <PageProviders>
      <a href="#main" className={classes.skip} onClick={skipToContent}>
        {strings.skip}
      </a>
      <div className={classes.shell} data-collapsed={collapsed}>
        <aside className={classes.rail}>
          <Rail collapsed={collapsed} />
        </aside>
        <div className={classes.column}>
          <header className={classes.topbar}>
            <ActionIcon className={classes.burger ?? ""} size={36} aria-label={strings.openMenu} onClick={drawerActions.open}>
              <IconMenu2 size={19} />
            </ActionIcon>
            <UnstyledButton className={classes.search} aria-haspopup="dialog" onClick={paletteActions.open} onMouseEnter={() => void loadPalette()}>
              <IconSearch size={16} aria-hidden="true" />
              <span>{strings.search}</span>
              <Kbd size="xs">⌘K</Kbd>
            </UnstyledButton>
            <div className={classes.right}>
              <LiveIndicator />
            </div>
          </header>
          <main id="main" className={classes.main}>
            <Outlet />
          </main>
        </div>
      </div>
      <Drawer opened={drawer} onClose={drawerActions.close} size={280} title={strings.product} closeButtonProps={{ "aria-label": strings.close }} classNames={{ body: classes.drawer ?? "", content: classes.drawerContent ?? "" }}>
        <Rail collapsed={false} inDrawer onNavigate={drawerActions.close} />
      </Drawer>
      {palette && (
        <Suspense fallback={null}>
          <CommandPalette onClose={paletteActions.close} />
        </Suspense>
      )}
      {help && <KeyHelp onClose={helpActions.close} />}
    </PageProviders>
  );
}

function skipToContent(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main h1")?.focus();
}

function useShellActions(togglePalette: () => void, toggleHelp: () => void): void {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const { installed } = usePlugins();
  const [mayRegister] = useCan(["catalog.location.create"]);
  const entries = useEntries().flatMap((group) => group.entries);
  const go = ({ to, search }: { to: string; search?: Record<string, string> }) => void navigate({ to, search: search ?? {} });
  const toggleScheme = () => setColorScheme(scheme === "dark" ? "light" : "dark");

  useKeys([
    { keys: "mod+k", label: strings.search, group: strings.general, run: togglePalette },
    { keys: "?", label: strings.keysHelp, group: strings.general, run: toggleHelp },
    ...(installed("catalog") ? [{ keys: "g b", label: strings.problemsPage, group: strings.goTo, run: () => go(paths.problems()) }] : []),
    ...entries.flatMap((entry) => (entry.key === undefined ? [] : [{ keys: `g ${entry.key}`, label: entry.title, group: strings.goTo, run: () => go(entry.target) }])),
  ]);
  useActions([
    ...entries.map((entry): Action => ({ id: `page:${entry.title}`, title: entry.title, group: "pages", icon: entry.icon, run: () => go(entry.target), ...(entry.key !== undefined && { keys: `g ${entry.key}` }) })),
    ...(mayRegister && installed("catalog") ? [{ id: "register", title: strings.register, group: "actions", icon: IconCirclePlus, keywords: "add import component location", run: () => go(paths.register()) } satisfies Action] : []),
    ...(installed("catalog") ? [{ id: "problems", title: strings.problemsPage, group: "pages", icon: IconAlertTriangle, keywords: "broken errors orphans dangling owner", keys: "g b", run: () => go(paths.problems()) } satisfies Action] : []),
    ...(installed("catalog") ? [{ id: "model", title: strings.modelPage, group: "pages", icon: IconSchema, keywords: "kinds fields schema relations annotations labels", run: () => go(paths.model()) } satisfies Action] : []),
    { id: "settings", title: strings.settings, group: "pages", icon: IconSettings, keywords: "preferences theme density keys persona", run: () => go(paths.settings()) },
    { id: "theme", title: strings.toggleTheme, group: "actions", icon: IconContrast, keywords: "theme dark light", run: toggleScheme },
    { id: "keys", title: strings.keysHelp, group: "actions", icon: IconKeyboard, keywords: "keyboard shortcuts help", keys: "?", run: toggleHelp },
    { id: "gallery", title: strings.gallery, group: "actions", keywords: "gallery design", run: () => go(paths.gallery()) },
  ]);
}
