import { Menu, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { sessionQuery, switchPersona } from "@/api/queries";
import { strings } from "@/app/strings";
import { singleKeys } from "@/ui/keys";
import { useToast } from "@/ui/toast";
import { useStored } from "@/ui/use-stored";
import classes from "./UserMenu.module.css";

const SCHEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

/** Who one is, as whom one acts, and how the portal should look and listen. */
export function UserMenu({ collapsed }: { collapsed: boolean }) {
  const { data: session } = useQuery(sessionQuery());
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const keysOn = useStored(singleKeys);
  const client = useQueryClient();
  const toast = useToast();
  const persona = useMutation({
    mutationFn: switchPersona,
    onSuccess: async (next) => {
      client.setQueryData(sessionQuery().queryKey, next);
      // Another person sees other things: nothing of the last one's answers may stay.
      await client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      toast({ text: strings.personaChanged(next.principal.displayName) });
    },
    onError: () => toast({ text: strings.personaFailed }),
  });
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
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return `${words[0]?.charAt(0) ?? ""}${words.length > 1 ? (words.at(-1)?.charAt(0) ?? "") : ""}`.toUpperCase();
}
