import { NativeSelect, Radio, Switch, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { preferencesQuery } from "@/api/preferences";
import { sessionQuery } from "@/api/queries";
import { DEFAULT_QUERY, defaultQuery } from "@/components/default-query";
import { EntityLink } from "@/components/entity/EntityLink";
import { usePersonaSwitch } from "@/components/persona";
import { usePreference } from "@/components/preferences";
import { savedViews } from "@/components/saved-views";
import { singleKeys } from "@/ui/keys";
import { Facts, Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { roomyRows } from "@/ui/table/preferences";
import { FormTemplate } from "@/ui/templates";
import { useStored } from "@/ui/use-stored";
import classes from "./SettingsPage.module.css";
import { strings } from "./strings";

const SCHEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

/** How the portal looks, listens and begins. Every choice counts at once. */
export default function SettingsPage() {
  return (
    <FormTemplate title={strings.title}>
      <Looks />
      <Keyboard />
      <CatalogStart />
      <Account />
    </FormTemplate>
  );
}

function Looks() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const roomy = useStored(roomyRows);
  return (
    <Section title={strings.looks}>
      <Radio.Group label={strings.theme} value={colorScheme} onChange={(scheme) => setColorScheme(SCHEMES.find((known) => known === scheme) ?? "auto")}>
        <div className={classes.options}>
          {SCHEMES.map((scheme) => (
            <Radio key={scheme} value={scheme} label={strings.themes[scheme]} />
          ))}
        </div>
      </Radio.Group>
      <Radio.Group label={strings.rows} value={roomy ? "roomy" : "compact"} onChange={(rows) => roomyRows.set(rows === "roomy")}>
        <div className={classes.options}>
          <Radio value="compact" label={strings.rowsWords.compact} />
          <Radio value="roomy" label={strings.rowsWords.roomy} />
        </div>
      </Radio.Group>
      <p className={classes.note}>{strings.looksNote}</p>
    </Section>
  );
}

function Keyboard() {
  const on = useStored(singleKeys);
  return (
    <Section title={strings.keys}>
      <Switch label={strings.singleKeys} description={strings.singleKeysNote} checked={on} onChange={(event) => singleKeys.set(event.currentTarget.checked)} />
    </Section>
  );
}

function CatalogStart() {
  const { error, refetch } = useQuery(preferencesQuery());
  const { value, loaded, change } = usePreference(defaultQuery);
  const choose = (query: string) => void change(() => query);
  const { value: views } = usePreference(savedViews);
  const offered = [
    { value: DEFAULT_QUERY, label: strings.components },
    { value: "owner:me", label: strings.mine },
    { value: "is:starred", label: strings.starred },
    { value: "", label: strings.everything },
    ...views.map((view) => ({ value: view.query, label: strings.saved(view.name) })),
  ];
  const options = [...new Map([...offered, ...(offered.some((option) => option.value === value) ? [] : [{ value, label: strings.current(value) }])].reverse().map((option) => [option.value, option])).values()].reverse();
  return (
    <Section title={strings.catalog}>
      {error && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
      {!loaded && !error && <SkeletonLines lines={1} />}
      {loaded && !error && <NativeSelect label={strings.begins} description={strings.catalogNote} data={options} value={value} onChange={({ currentTarget }) => choose(currentTarget.value)} />}
    </Section>
  );
}

function Account() {
  const { data: session } = useQuery(sessionQuery());
  const persona = usePersonaSwitch();
  if (!session) return <SkeletonLines lines={3} />;
  const { principal, personas } = session;
  const groups = principal.ownershipRefs.filter((ref) => ref !== principal.ref);
  return (
    <Section title={strings.account}>
      <Facts
        items={[
          { label: strings.ref, value: <EntityLink entityRef={principal.ref} /> },
          ...(groups.length === 0 ? [] : [{ label: strings.owns, value: <span className={classes.links}>{groups.map((ref) => <EntityLink key={ref} entityRef={ref} />)}</span> }]),
        ]}
      />
      {personas.length > 1 && (
        <Radio.Group label={strings.persona} description={strings.personaNote} value={principal.ref} onChange={(ref) => persona.mutate(ref)}>
          <div className={classes.column}>
            {personas.map((candidate) => (
              <Radio key={candidate.ref} value={candidate.ref} label={candidate.displayName} description={candidate.role} disabled={persona.isPending} />
            ))}
          </div>
        </Radio.Group>
      )}
    </Section>
  );
}
