import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { PluginReview } from "@/api/types";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { usePageParams } from "@/ui/page-route";
import { Facts, Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import { DetailTemplate, FormTemplate } from "@/ui/templates";
import { CapabilityIcon } from "./capability-icon";
import { decisionOf, grantOf, type Decision } from "./grant";
import { GrantRow } from "./GrantRow";
import { limitText } from "./limits";
import { reviewQuery, usePluginChange, type Grant } from "./queries";
import classes from "./ReviewPage.module.css";
import { shortDigest } from "./state";
import { capabilityWords, changeWords, kindWords, limitWords, strings } from "./strings";

type ReviewCapability = PluginReview["capabilities"][number];

const crumbs = [{ label: strings.title, target: paths.plugins() }];
const CHANGE_STATUS: Record<ReviewCapability["change"], Status> = { added: "warning", widened: "warning", narrowed: "ok", removed: "ok", unchanged: "neutral" };
const ORDER: readonly ReviewCapability["change"][] = ["added", "widened", "narrowed", "unchanged"];
const undecided: Decision = { choice: undefined, scope: "{}" };

/** What a release asks for, before it runs. Differences come first. */
export default function ReviewPage() {
  const { digest = "" } = usePageParams();
  const { data: review, error, isPending, refetch } = useQuery(reviewQuery(digest));
  if (review) return <Sheet key={review.digest} review={review} />;
  return (
    <DetailTemplate title={strings.reviewTitle} crumbs={crumbs}>
      {isPending && <SkeletonLines lines={8} />}
      {error && <ErrorState error={error} title={strings.reviewFailed} onRetry={() => void refetch()} />}
    </DetailTemplate>
  );
}

function Sheet({ review }: { review: PluginReview }) {
  const navigate = useNavigate();
  const [decisions, setDecisions] = useState<Record<string, Decision>>(() => startingDecisions(review));
  const [share, setShare] = useState("100");
  const [restore, setRestore] = useState(false);
  const [reason, setReason] = useState("");
  const { mutate, isPending, error } = usePluginChange(review.id);

  const [asks, rest, gone] = sorted(review.capabilities);
  const open = asks.filter(({ name }) => grantOf(decisions[name] ?? undecided) === undefined);
  const broken = rest.some(({ name }) => decisions[name]?.choice === "narrow" && grantOf(decisions[name]) === undefined);
  const needsRestore = !review.data.readable;
  const impossible = review.problems.some((problem) => problem.severity === "error");
  const ready = open.length === 0 && !broken && !impossible && (!needsRestore || restore);
  const idle = review.kind === "same" && Object.keys(decided(review, decisions)).length === 0;
  const row = (capability: ReviewCapability) => (
    <GrantRow
      key={capability.name}
      name={capability.name}
      reason={capability.reason}
      requested={capability.requested}
      granted={capability.granted ?? undefined}
      fixedBy={capability.fixedBy}
      badge={review.installed && capability.change !== "unchanged" && <StatusBadge status={CHANGE_STATUS[capability.change]} label={changeWords[capability.change]} />}
      keeps={keeps(capability)}
      decision={decisions[capability.name] ?? undecided}
      onDecide={(decision) => setDecisions((all) => ({ ...all, [capability.name]: decision }))}
    />
  );

  const activate = () =>
    mutate(
      {
        change: {
          part: "activate",
          body: {
            digest: review.digest,
            grants: decided(review, decisions),
            ...(share !== "100" && { canaryPercent: Number(share) }),
            ...(restore && { restore }),
            ...(reason !== "" && { reason }),
          },
        },
        done: share === "100" ? strings.activated(review.version) : strings.canaryStarted(review.version, share),
      },
      { onSuccess: () => void navigate(paths.plugin(review.id)) },
    );

  return (
    <FormTemplate
      title={kindWords[review.kind](review.title, review.version)}
      crumbs={[...crumbs, ...(review.installed ? [{ label: review.id, target: paths.plugin(review.id) }] : [])]}
      below={
        <>
          <code>{review.id}</code>
          {review.installed && <span>{strings.fromTo(review.installed.version, review.version)}</span>}
          <code title={review.digest}>{shortDigest(review.digest)}</code>
          <span>{strings.publishedBy(review.publisher)}</span>
        </>
      }
      footer={
        <>
          {idle ? (
            <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.plugin(review.id)} />}>
              {strings.openPlugin(review.title)}
            </Button>
          ) : (
            <Button onClick={activate} disabled={!ready} loading={isPending}>
              {share === "100" ? strings.activate(review.version) : strings.startCanary(share)}
            </Button>
          )}
          <span role="status" className={classes.hint}>
            {isPending ? strings.activating : open.length > 0 ? strings.stillOpen(open.length) : ""}
          </span>
        </>
      }
    >
      {review.description !== undefined && <p>{review.description}</p>}
      {review.problems.map((problem) => (
        <p key={problem.message} className={classes.problem} data-severity={problem.severity} role={problem.severity === "error" ? "alert" : undefined}>
          <StatusBadge status={problem.severity === "error" ? "error" : "warning"} label={problem.message} />
        </p>
      ))}
      {asks.length > 0 && (
        <Section title={strings.needsDecision} count={asks.length}>
          <ul>{asks.map(row)}</ul>
        </Section>
      )}
      {rest.length > 0 && (
        <Section title={asks.length > 0 ? strings.needsNone : strings.asksFor} count={rest.length}>
          <ul>{rest.map(row)}</ul>
        </Section>
      )}
      {gone.length > 0 && (
        <Section title={changeWords.removed} count={gone.length}>
          <ul className={classes.removed}>
            {gone.map(({ name }) => (
              <li key={name}>
                <CapabilityIcon name={name} /> {capabilityWords[name] ?? name} <code>{name}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {review.capabilities.length === 0 && <p className={classes.hint}>{strings.mayNone}</p>}
      <Data review={review} />
      {needsRestore && <Checkbox label={strings.restore} description={strings.restoreHint} checked={restore} onChange={(event) => setRestore(event.currentTarget.checked)} />}
      {review.limits.some((limit) => limit.asked !== undefined) && (
        <Section title={strings.limitsAsked}>
          <Facts items={review.limits.filter((limit) => limit.asked !== undefined).map((limit) => ({ label: limitWords[limit.name] ?? limit.name, value: limitText(limit) }))} />
        </Section>
      )}
      <Section title={strings.rollout}>
        <div className={classes.rollout}>
          {review.installed && review.kind !== "same" && review.data.canaryPossible && (
            <Select label={strings.callsFor} value={share} onChange={(value) => setShare(value ?? "100")} allowDeselect={false} data={["100", "50", "10", "1"].map((value) => ({ value, label: strings.shareOf(value) }))} />
          )}
          <TextInput label={strings.reason} description={strings.reasonHint} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} />
        </div>
      </Section>
      {error && <ErrorState error={error} title={strings.activateFailed} onRetry={activate} />}
    </FormTemplate>
  );
}

function Data({ review: { data } }: { review: PluginReview }) {
  if (data.current === data.writes && data.current === 0) return null;
  return (
    <Section title={strings.data}>
      <Facts
        items={[
          { label: strings.dataVersion, value: data.migration ? strings.dataMigrates(data.current, data.writes) : String(data.writes) },
          { label: strings.goingBack, value: data.rollbackPossible ? strings.backKeeps : strings.backLoses },
        ]}
      />
    </Section>
  );
}

/** What waits for a decision, what does not, and what is asked for no longer; differences come first in each. */
function sorted(capabilities: readonly ReviewCapability[]): [ReviewCapability[], ReviewCapability[], ReviewCapability[]] {
  const asked = capabilities.filter(({ change }) => change !== "removed").sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
  const waits = ({ needsApproval, fixedBy }: ReviewCapability) => needsApproval && fixedBy === undefined;
  return [asked.filter(waits), asked.filter((capability) => !waits(capability)), capabilities.filter(({ change }) => change === "removed")];
}

/** Whether less is granted than it asks for, by a decision that still stands. */
const keeps = ({ needsApproval, granted, requested }: ReviewCapability) => !needsApproval && granted !== null && granted !== requested;

/** What is granted already stays; what nobody decided about waits for a choice. */
function startingDecisions(review: PluginReview): Record<string, Decision> {
  return Object.fromEntries(
    review.capabilities.map((capability) => {
      const start = decisionOf(capability.needsApproval ? undefined : capability.granted !== null, capability.scope);
      return [capability.name, keeps(capability) ? { ...start, choice: "keep" as const } : start];
    }),
  );
}

/** The decisions that change something. */
function decided(review: PluginReview, decisions: Record<string, Decision>): Record<string, Grant> {
  const before = startingDecisions(review);
  const out: Record<string, Grant> = {};
  for (const [name, decision] of Object.entries(decisions)) {
    const grant = grantOf(decision);
    if (grant !== undefined && decision !== before[name] && JSON.stringify(grant) !== JSON.stringify(grantOf(before[name] ?? undecided))) out[name] = grant;
  }
  return out;
}
