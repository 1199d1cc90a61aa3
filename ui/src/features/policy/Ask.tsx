import { Autocomplete, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { sessionQuery } from "@/api/queries";
import type { PolicyAnswer } from "@/api/types";
import { paths } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { usePageSearch } from "@/ui/page-route";
import { Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./PolicyPage.module.css";
import { answerQuery, type Question } from "./queries";
import { strings } from "./strings";

const PERMISSIONS = ["catalog.entity.read", "catalog.entity.refresh", "catalog.entity.delete", "catalog.location.create", "catalog.location.delete", "plugins.install", "plugins.operate", "plugins.grant", "policy.read"];

/** Asks the policy for somebody. The question is in the URL, so that it can be sent to whoever wonders. */
export function Ask({ revision }: { revision: string }) {
  const search = usePageSearch();
  const asked: Question = { user: firstOf(search, "user") ?? "", permission: firstOf(search, "permission") ?? "", entity: firstOf(search, "entity") ?? "" };
  const complete = asked.user !== "" && asked.permission !== "";
  const { data, error, isFetching, refetch } = useQuery({ ...answerQuery(asked, revision), enabled: complete });
  return (
    <Section title={strings.ask}>
      <p className={classes.muted}>{strings.askLead}</p>
      <Form key={JSON.stringify(asked)} asked={asked} />
      <div aria-live="polite">
        {isFetching && !data && <SkeletonLines lines={2} />}
        {error && !isFetching && <ErrorState error={error} title={strings.answerFailed} onRetry={() => void refetch()} />}
        {data && !error && <Answer answer={data} />}
      </div>
    </Section>
  );
}

function Form({ asked }: { asked: Question }) {
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery());
  const [question, setQuestion] = useState(asked);
  const [tried, setTried] = useState(false);
  const complete = question.user.trim() !== "" && question.permission.trim() !== "";
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    const { user, permission, entity } = question;
    if (complete) void navigate(paths.policy({ user: user.trim(), permission: permission.trim(), entity: entity.trim() }));
  };
  const change = (field: keyof Question) => (value: string) => setQuestion((before) => ({ ...before, [field]: value }));
  const missing = (field: "user" | "permission") => (tried && question[field].trim() === "" ? strings.needed : undefined);
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <Autocomplete label={strings.user} placeholder="user:default/ann" data={(session?.personas ?? []).map(({ ref }) => ref)} value={question.user} onChange={change("user")} error={missing("user")} required />
      <Autocomplete label={strings.permission} data={PERMISSIONS} value={question.permission} onChange={change("permission")} error={missing("permission")} required />
      <TextInput label={strings.entity} placeholder={strings.entityHint} value={question.entity} onChange={(event) => change("entity")(event.currentTarget.value)} />
      <Button type="submit">{strings.verb}</Button>
    </form>
  );
}

function Answer({ answer }: { answer: PolicyAnswer }) {
  const { allow, condition, askedEach, rules, reason, input } = answer;
  return (
    <div className={classes.answer}>
      <StatusBadge status={allow ? "ok" : "error"} label={verdictOf(answer)} />
      {condition !== undefined && condition !== "always" && condition !== "never" && <CodeBlock code={condition} label={strings.allowedWith} />}
      {askedEach !== undefined && <p className={classes.muted}>{askedEach}</p>}
      {rules.length === 0 && reason !== undefined && <p className={classes.muted}>{reason}</p>}
      {rules.length > 0 && (
        <p className={classes.names}>
          <span className={classes.muted}>{strings.by}</span>
          {rules.map((rule) => (
            <code key={rule}>{rule}</code>
          ))}
        </p>
      )}
      <details>
        <summary>{strings.input}</summary>
        <CodeBlock code={JSON.stringify(input, null, 2)} language="json" label={strings.input} />
      </details>
    </div>
  );
}

function verdictOf({ allow, condition, askedEach }: PolicyAnswer): string {
  if (askedEach !== undefined) return strings.each;
  if (condition === "always") return strings.everything;
  if (condition === "never") return strings.nothing;
  if (condition !== undefined) return strings.allowedWith;
  return allow ? strings.allowed : strings.denied;
}
