import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "@/api/error";
import type { PluginDetail } from "@/api/types";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { Section } from "@/ui/Section";
import { ErrorState } from "@/ui/states";
import { scopeOf } from "./grant";
import { limitValue, nested, writtenLimit, type Limit } from "./limits";
import classes from "./PluginPage.module.css";
import { usePluginChange } from "./queries";
import settings from "./SettingsTab.module.css";
import { limitWords, strings } from "./strings";

/** What the operator sets: the plugin's own configuration, and how much of the host it may use. */
export default function SettingsTab({ plugin }: { plugin: PluginDetail }) {
  return (
    <>
      <Configuration plugin={plugin} />
      <Limits plugin={plugin} />
    </>
  );
}

function Configuration({ plugin }: { plugin: PluginDetail }) {
  const { config } = plugin;
  const [text, setText] = useState(() => JSON.stringify(config.value ?? {}, null, 2));
  const { mutate, isPending, error } = usePluginChange(plugin.id, plugin.revision);
  const value = scopeOf(text);
  const pointers = error instanceof ApiError ? error.fields : [];
  if (config.schema === undefined && config.value === undefined) return null;
  return (
    <Section title={strings.configuration}>
      {config.fixedBy === undefined ? (
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (value) mutate({ change: { part: "config", body: { config: value } }, done: strings.configSaved });
          }}
        >
          <Textarea
            label={strings.configText}
            description={strings.configHint}
            error={value === undefined ? strings.notAnObject : undefined}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={5}
            maxRows={24}
            spellCheck={false}
            styles={{ input: { fontFamily: "var(--cb-font-mono)", fontSize: "var(--cb-text-sm)" } }}
          />
          {pointers.length > 0 && (
            <ul role="alert" className={settings.mistakes}>
              {pointers.map((field) => (
                <li key={`${field.pointer ?? ""} ${field.detail}`}>
                  <code>{field.pointer ?? "/"}</code> {field.detail}
                </li>
              ))}
            </ul>
          )}
          {error && pointers.length === 0 && <ErrorState error={error} title={strings.changeFailed} />}
          <div>
            <Button type="submit" disabled={value === undefined} loading={isPending}>
              {strings.saveConfig}
            </Button>
          </div>
        </form>
      ) : (
        <>
          <p className={classes.faint}>{strings.fixedBy(config.fixedBy)}</p>
          <CodeBlock code={text} language="json" label={strings.configuration} />
        </>
      )}
      {config.schema !== undefined && (
        <details>
          <summary>{strings.schema}</summary>
          <CodeBlock code={JSON.stringify(config.schema, null, 2)} language="json" label={strings.schema} />
        </details>
      )}
    </Section>
  );
}

function Limits({ plugin }: { plugin: PluginDetail }) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const { mutate, isPending, error } = usePluginChange(plugin.id, plugin.revision);
  const said = plugin.limits.flatMap((limit) => (limit.said === undefined || limit.fixedBy !== undefined ? [] : [[limit.name, writtenLimit(limit.said, limit.unit)] as const]));
  const all = new Map<string, string>([...said, ...Object.entries(typed)]);
  for (const [name, text] of all) if (text.trim() === "") all.delete(name);
  const units = new Map(plugin.limits.map((limit) => [limit.name, limit.unit] as const));
  const dirty = Object.entries(typed).some(([name, text]) => text !== (new Map<string, string>(said).get(name) ?? ""));
  return (
    <Section title={strings.limits}>
      <form
        className={settings.form}
        onSubmit={(event) => {
          event.preventDefault();
          mutate({ change: { part: "limits", body: { limits: nested([...all], units) } }, done: strings.limitsSaved });
        }}
      >
          <table className={settings.limits}>
            <thead>
              <tr>
                <th scope="col">{strings.limit}</th>
                <th scope="col">{strings.inForce}</th>
                <th scope="col">{strings.askedFor}</th>
                <th scope="col">{strings.cap}</th>
                <th scope="col">{strings.yours}</th>
              </tr>
            </thead>
            <tbody>
              {plugin.limits.map((limit) => (
                <LimitRow key={limit.name} limit={limit} value={typed[limit.name] ?? new Map<string, string>(said).get(limit.name) ?? ""} onChange={(text) => setTyped((now) => ({ ...now, [limit.name]: text }))} />
              ))}
            </tbody>
          </table>
        {error && <ErrorState error={error} title={strings.changeFailed} />}
        <Button className={settings.save} type="submit" disabled={!dirty} loading={isPending}>
          {strings.saveLimits}
        </Button>
      </form>
    </Section>
  );
}

function LimitRow({ limit, value, onChange }: { limit: Limit; value: string; onChange: (text: string) => void }) {
  const show = (amount: number | undefined) => (amount === undefined ? "–" : limitValue(amount, limit.unit));
  return (
    <tr>
      <th scope="row">
        <span>{limitWords[limit.name] ?? limit.name}</span> <code className={settings.key}>{limit.name}</code>
      </th>
      <td data-label={strings.inForce}>{limitValue(limit.effective, limit.unit) === "0" ? strings.unbounded : show(limit.effective)}</td>
      <td data-label={strings.askedFor}>{show(limit.asked)}</td>
      <td data-label={strings.cap}>{show(limit.cap)}</td>
      <td>
        {limit.editable ? (
          <TextInput aria-label={strings.limitOf(limit.name)} size="xs" placeholder={writtenLimit(limit.effective, limit.unit)} value={value} onChange={(event) => onChange(event.currentTarget.value)} autoComplete="off" />
        ) : (
          limit.fixedBy !== undefined && strings.fixedBy(limit.fixedBy)
        )}
      </td>
    </tr>
  );
}
