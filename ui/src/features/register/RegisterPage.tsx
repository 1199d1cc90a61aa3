import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type SyntheticEvent } from "react";
import { analysisQuery, ORIGIN } from "@/api/locations";
import { paths } from "@/lib/paths";
import { formatQuery } from "@/lib/query/grammar";
import { firstOf } from "@/lib/search-params";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { EmptyState, ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { FormTemplate } from "@/ui/templates";
import { addressMistake, findingsOf, type AddressMistake, type Findings } from "./descriptor";
import { Found, LeftOut } from "./Findings";
import { allThere, usePresence, useRegister, type Outcome, type Presence } from "./queries";
import classes from "./RegisterPage.module.css";
import { strings } from "./strings";

const Suggestion = lazy(() => import("./Suggestion"));
const crumbs = [{ label: strings.catalog, target: paths.catalog() }];

/** Registers a descriptor: its address, what is there, and then what became of it. The address is in the URL. */
export default function RegisterPage() {
  const url = (firstOf(usePageSearch(), "url") ?? "").trim();
  const readable = addressMistake(url) === undefined;
  const { data: analysis, error, isFetching, refetch } = useQuery({ ...analysisQuery(url), enabled: readable });
  const findings = useMemo(() => analysis && findingsOf(analysis, url), [analysis, url]);
  const register = useRegister();
  // What was registered before another address was looked at is not news here.
  const done = register.data?.target === url ? register.data.outcome : undefined;
  const outcome = done ?? (findings?.registered ? "already" : undefined);
  const refs = findings?.found.map(({ ref }) => ref) ?? [];
  const presence = usePresence(refs, outcome !== undefined);
  useFreshLists(done === "now" && allThere(presence.present));

  return (
    <FormTemplate title={strings.title} crumbs={crumbs} {...(findings && refs.length > 0 && { footer: <Actions origin={findings.origin} count={refs.length} registered={outcome !== undefined} pending={register.isPending} onRegister={() => register.mutate(url)} /> })}>
      <Address url={url} looking={isFetching} onLookAgain={() => void refetch()} />
      {isFetching && !findings && <SkeletonLines lines={4} height={56} />}
      {error && !isFetching && <ErrorState error={error} title={strings.lookFailed} onRetry={() => void refetch()} />}
      {register.error && register.variables === url && <ErrorState error={register.error} title={strings.registerFailed} onRetry={() => register.mutate(url)} />}
      {findings && !error && (
        <>
          {outcome !== undefined && <Progress key={done ?? "found"} outcome={outcome} all={refs.length} presence={presence} takesFocus={done !== undefined} />}
          <Nothing findings={findings} />
          {refs.length > 0 && <Found origin={findings.origin} found={findings.found} present={presence.present} registered={outcome !== undefined} />}
          {presence.failed && (
            <PartialNotice
              action={
                <Button variant="subtle" size="compact-xs" onClick={presence.lookAgain}>
                  {strings.tryAgain}
                </Button>
              }
            >
              {strings.unknown}
            </PartialNotice>
          )}
          {findings.leftOut.length > 0 && <LeftOut problems={findings.leftOut} only={refs.length === 0} />}
          {findings.suggestion && (
            <Suspense fallback={<SkeletonLines lines={6} height={20} />}>
              <Suggestion entity={findings.suggestion} />
            </Suspense>
          )}
        </>
      )}
    </FormTemplate>
  );
}

/** Lists that were loaded before do not know the entities that have just arrived. */
function useFreshLists(arrived: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (arrived) void client.invalidateQueries({ queryKey: ["entities"], predicate: ({ queryKey }) => queryKey[1] !== "presence" });
  }, [arrived, client]);
}

interface ActionsProps {
  origin: string;
  count: number;
  registered: boolean;
  pending: boolean;
  onRegister: () => void;
}

function Actions({ origin, count, registered, pending, onRegister }: ActionsProps) {
  if (registered) {
    return (
      <>
        <Button renderRoot={(props) => <AppLink {...props} target={broughtBy(origin)} />}>{strings.showAll}</Button>
        <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.register()} />}>
          {strings.another}
        </Button>
      </>
    );
  }
  return (
    <>
      <Button onClick={onRegister} loading={pending}>
        {strings.register(count)}
      </Button>
      <span className={classes.hint}>{pending ? strings.registering : strings.nothingStored}</span>
    </>
  );
}

/** The catalog's query for all that came in by a location, also by the locations that it names. */
const broughtBy = (origin: string) => paths.catalog({ query: formatQuery([{ type: "field", key: `metadata.annotations.${ORIGIN}`, negated: false, values: [{ match: "is", text: origin }] }]) });

function Address({ url, looking, onLookAgain }: { url: string; looking: boolean; onLookAgain: () => void }) {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  // What is typed belongs to the address in the URL: Back shows the text of then.
  const [draft, setDraft] = useState<{ url: string; text: string; mistake: AddressMistake | undefined }>();
  const { text, mistake } = draft?.url === url ? draft : { text: url, mistake: url === "" ? undefined : addressMistake(url) };

  const look = (event: SyntheticEvent) => {
    event.preventDefault();
    const wrong = addressMistake(text);
    setDraft({ url, text, mistake: wrong });
    if (wrong !== undefined) field.current?.focus();
    else if (text.trim() === url) onLookAgain();
    else {
      const target = paths.register(text.trim());
      void navigate({ to: target.to, search: target.search ?? {}, resetScroll: false });
    }
  };
  return (
    <>
      <p>{strings.body}</p>
      <form noValidate onSubmit={look} aria-label={strings.title}>
        <TextInput
          ref={field}
          classNames={{ wrapper: classes.field ?? "", error: classes.mistake ?? "" }}
          label={strings.address}
          type="url"
          inputMode="url"
          placeholder={strings.addressExample}
          autoComplete="off"
          spellCheck={false}
          value={text}
          error={mistake && strings.mistakes[mistake]}
          onChange={(event) => setDraft({ url, text: event.currentTarget.value, mistake: undefined })}
          inputContainer={(input) => (
            <div className={classes.address}>
              {input}
              <Button type="submit" variant={url === "" ? "filled" : "default"} loading={looking}>
                {strings.look}
              </Button>
            </div>
          )}
        />
      </form>
    </>
  );
}

/** Why there is nothing to register. */
function Nothing({ findings: { found, leftOut, unread, refused } }: { findings: Findings }) {
  if (unread.length > 0) {
    return (
      <div role="alert" className={classes.unread}>
        <p className={classes.strong}>{strings.unreadTitle}</p>
        {unread.map(({ message }) => (
          <p key={message}>{message}</p>
        ))}
        {refused && <p>{strings.refusedHelp}</p>}
      </div>
    );
  }
  return found.length + leftOut.length === 0 ? <EmptyState title={strings.nothingTitle}>{strings.nothingBody}</EmptyState> : null;
}

interface ProgressProps {
  outcome: Outcome;
  all: number;
  presence: Presence;
  takesFocus: boolean;
}

/** What became of the registration. It takes over the focus of the button that is gone. */
function Progress({ outcome, all, presence, takesFocus }: ProgressProps) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takesFocus) line.current?.focus();
  }, [takesFocus]);
  const { present, late, lookAgain } = presence;
  const there = present?.filter((entity) => entity !== null).length ?? 0;
  const complete = allThere(present);
  return (
    <div ref={line} tabIndex={-1} role="status" className={classes.progress} data-complete={complete}>
      <p className={classes.strong}>
        <StatusBadge status={complete ? "ok" : "running"} label={outcome === "now" ? strings.registeredNow : strings.registeredAlready} />
      </p>
      <p>{complete ? strings.allThere(all) : `${strings.progress(there, all)} ${late ? strings.late : strings.leave}`}</p>
      {late && (
        <Button variant="default" size="compact-sm" onClick={lookAgain}>
          {strings.lookAgain}
        </Button>
      )}
    </div>
  );
}
