import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { problemsQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { nameOfRef, relatedRefs, relationsByType } from "@/components/entity/facts";
import { OwnedKinds } from "@/components/entity/OwnedKinds";
import { allMembers, below, withAbove } from "@/components/org/hierarchy";
import { orgQuery } from "@/components/org/queries";
import { ProblemLines } from "@/components/problem/ProblemLines";
import { refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import { ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./Overview.module.css";
import { RelationGroups } from "./RelationGroup";
import { strings } from "./strings";

/** A group: who is in it, what hangs around it, what it owns, and what of that is broken. */
export function GroupParts({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const [deep, setDeep] = useState(false);
  const { data: org, error } = useQuery(orgQuery());
  const under = org ? below(org, ref) : [];
  const direct = relatedRefs(entity, "hasMember");
  const members = deep && org ? allMembers(org, ref) : [...new Set(direct)].sort().map((member) => ({ ref: member, through: [ref] }));
  const owners = deep ? [ref, ...under] : [ref];
  const groups = relationsByType(entity.relations);
  const around = ["childOf", "parentOf"].flatMap((type) => (groups.has(type) ? [{ type, refs: groups.get(type) ?? [] }] : []));
  return (
    <>
      {under.length > 0 && <Switch label={strings.withBelow(formatCount(under.length))} checked={deep} onChange={(event) => setDeep(event.currentTarget.checked)} />}
      {error && <PartialNotice>{strings.belowUnknown}</PartialNotice>}
      <Section title={strings.members} count={members.length} footer={<AppLink className={classes.link} target={paths.org()}>{strings.allTeams}</AppLink>}>
        {members.length === 0 ? <p className={classes.faint}>{strings.membersNone}</p> : <Members members={members} group={ref} />}
      </Section>
      {around.length > 0 && (
        <Section title={strings.hierarchy}>
          <RelationGroups entityRef={ref} groups={around} all />
        </Section>
      )}
      <Section title={strings.owns}>
        <OwnedKinds owners={owners} />
      </Section>
      <OwnedProblems owners={owners} />
    </>
  );
}

/** A person: the groups, what they answer for through these, and what of it is broken. */
export function UserParts({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const groups = [...new Set(relatedRefs(entity, "memberOf"))].sort();
  const { data: org, isPending } = useQuery(orgQuery());
  const owners = [ref, ...(org ? withAbove(org, groups) : groups)];
  return (
    <>
      <Section title={strings.groups} count={groups.length} footer={<AppLink className={classes.link} target={paths.org()}>{strings.allTeams}</AppLink>}>
        {groups.length === 0 ? <p className={classes.faint}>{strings.groupsNone}</p> : <Members members={groups.map((group) => ({ ref: group, through: [] }))} />}
      </Section>
      <Section title={strings.ownsThrough}>{isPending ? <SkeletonLines lines={3} height={30} /> : <OwnedKinds owners={owners} />}</Section>
      {!isPending && <OwnedProblems owners={owners} />}
    </>
  );
}

const MOST_IN_LIST = 120;

function Members({ members, group }: { members: readonly { ref: string; through: readonly string[] }[]; group?: string }) {
  const shown = members.slice(0, MOST_IN_LIST);
  return (
    <ul className={classes.people}>
      {shown.map(({ ref, through }) => {
        const ways = through.filter((way) => way !== group);
        return (
          <li key={ref}>
            <EntityLink entityRef={ref} />
            {ways.length > 0 && <span className={classes.through}>{strings.through(ways.map(nameOfRef).join(", "))}</span>}
          </li>
        );
      })}
      {shown.length < members.length && <li className={classes.faint}>{`+${formatCount(members.length - shown.length)}`}</li>}
    </ul>
  );
}

const FIRST_PROBLEMS = 5;

function OwnedProblems({ owners }: { owners: readonly string[] }) {
  const { data, error, refetch } = useQuery(problemsQuery({ owners, limit: FIRST_PROBLEMS }));
  return (
    <Section
      title={strings.problems}
      {...(data && data.totalItems > 0 && { count: data.totalItems })}
      {...(data && data.totalItems > data.items.length && {
        footer: (
          <AppLink className={classes.link} target={paths.problems({ owners })}>
            {strings.allProblems(formatCount(data.totalItems))}
          </AppLink>
        ),
      })}
    >
      {error && <ErrorState error={error} title={strings.problemsFailed} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={2} />}
      {data?.totalItems === 0 && <StatusBadge status="ok" label={strings.problemsNone} />}
      {data && <ProblemLines items={data.items} />}
    </Section>
  );
}
