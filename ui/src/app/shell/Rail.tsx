import { ActionIcon, Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { Fragment } from "react";
import { strings } from "@/app/strings";
import { paths } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import { isBoolean, stored } from "@/lib/storage";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { useStored } from "@/ui/use-stored";
import { isCurrent, useEntries } from "./entries";
import classes from "./Rail.module.css";
import { UserMenu } from "./UserMenu";

const collapsedChoice = stored("rail.collapsed", false, isBoolean);

/** Whether the rail shows icons only. */
export function useCollapsed(): boolean {
  return useStored(collapsedChoice);
}

/** The navigation, at the side of a wide window and inside the drawer of a narrow one. */
export function Rail({ collapsed, inDrawer = false, onNavigate }: { collapsed: boolean; inDrawer?: boolean; onNavigate?: () => void }) {
  const groups = useEntries();
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const query = firstOf(usePageSearch(), "q");
  const toggle = collapsed ? strings.expand : strings.collapse;
  return (
    <div className={classes.rail} data-collapsed={collapsed} data-drawer={inDrawer}>
      <div className={classes.top}>
        <AppLink target={paths.home()} className={classes.brand} aria-label={strings.product} {...(onNavigate && { onClick: onNavigate })}>
          <Mark />
          {!collapsed && <span>{strings.product}</span>}
        </AppLink>
        {!inDrawer && (
          <Tooltip label={toggle} position="right">
            <ActionIcon aria-label={toggle} aria-expanded={!collapsed} onClick={() => collapsedChoice.set(!collapsed)}>
              {collapsed ? <IconLayoutSidebarLeftExpand size={17} /> : <IconLayoutSidebarLeftCollapse size={17} />}
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <nav aria-label={strings.navigation} className={classes.nav}>
        {groups.map((group, index) => (
          <Fragment key={group.title ?? index}>
            {group.title !== undefined && <p className={classes.heading}>{collapsed ? <span className={classes.rule} /> : group.title}</p>}
            <ul>
              {group.entries.map((entry) => (
                <li key={entry.title}>
                  <Tooltip label={entry.title} position="right" disabled={!collapsed}>
                    <AppLink
                      target={entry.target}
                      className={classes.entry}
                      aria-label={collapsed ? entry.title : undefined}
                      aria-current={isCurrent(entry, pathname, query) ? "page" : undefined}
                      {...(onNavigate && { onClick: onNavigate })}
                    >
                      <entry.icon size={18} stroke={1.6} aria-hidden="true" />
                      {!collapsed && <span>{entry.title}</span>}
                    </AppLink>
                  </Tooltip>
                </li>
              ))}
            </ul>
          </Fragment>
        ))}
      </nav>
      <UserMenu collapsed={collapsed} />
    </div>
  );
}

/** Three notices on a board. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect x="2" y="2" width="28" height="28" rx="7" fill="var(--cb-accent)" />
      <path d="M9 11h14M9 16h9M9 21h12" stroke="var(--cb-on-accent)" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}
