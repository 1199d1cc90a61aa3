import { Menu, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconSelector, IconSettings } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import { strings } from "@/app/strings";
import { usePersonaSwitch } from "@/components/persona";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { singleKeys } from "@/ui/keys";
import { useStored } from "@/ui/use-stored";
import classes from "./UserMenu.module.css";

const SCHEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

/** Who one is, as whom one acts, and how the portal should look and listen. */
export function UserMenu({ collapsed }: { collapsed: boolean }) {
  const { data: session } = useQuery(sessionQuery());
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const keysOn = useStored(singleKeys);
  const persona = usePersonaSwitch();
  if (!session) return <div className={classes.placeholder} />;
  const { principal, personas } = session;
  const role = personas.find((candidate) => candidate.ref === principal.ref)?.role;
  return (
    <Menu position="right-end" width={264}>
      <Menu.Target>
        <UnstyledButton className={classes.button} data-collapsed={collapsed} aria-label={strings.account(principal.displayName)}>
          <span className={classes.avatar} aria-hidden="true">
            {initials(principal.displayName)}
          </span>
          {!collapsed && (
            <>
              <span className={classes.who}>
                <span className={classes.name}>{principal.displayName}</span>
                {role !== undefined && <span className={classes.role}>{role}</span>}
              </span>
              <IconSelector size={15} color="var(--cb-text-faint)" />
            </>
          )}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {personas.length > 0 && (
          <>
            <Menu.Label aria-hidden="true">{strings.actAs}</Menu.Label>
            <div role="group" aria-label={strings.actAs}>
            <Menu.RadioGroup value={principal.ref} onChange={(ref) => persona.mutate(ref)}>
              {personas.map((candidate) => (
                <Menu.RadioItem key={candidate.ref} value={candidate.ref} rightSection={<span className={classes.role}>{candidate.role}</span>}>
                  {candidate.displayName}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            </div>
            <Menu.Divider />
          </>
        )}
        <Menu.Label aria-hidden="true">{strings.theme}</Menu.Label>
        <div role="group" aria-label={strings.theme}>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(SCHEMES.find((known) => known === scheme) ?? "auto")}>
          {SCHEMES.map((scheme) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {strings.themes[scheme]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        </div>
        <Menu.Divider />
        <Menu.CheckboxItem checked={keysOn} onChange={(on) => singleKeys.set(on)}>
          {strings.singleKeys}
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Item leftSection={<IconSettings size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.settings()} />}>
          {strings.settings}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return `${words[0]?.charAt(0) ?? ""}${words.length > 1 ? (words.at(-1)?.charAt(0) ?? "") : ""}`.toUpperCase();
}
