import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "@/api/client";
import type { PolicyAnswer, PolicyStatus } from "@/api/types";
import { apiPaths } from "@/lib/paths";

const SECOND = 1000;

/** The policy that decides; a changed one is live within a second. */
export const policyQuery = () => queryOptions({ queryKey: ["policy"], queryFn: ({ signal }) => getJson<PolicyStatus>(apiPaths.policy, signal), staleTime: 5 * SECOND, refetchInterval: 10 * SECOND });

/** Who wants to do what, and with which entity; none means with entities in general. */
export interface Question {
  user: string;
  permission: string;
  entity: string;
}

/** What the policy of a revision says to a question. */
export const answerQuery = ({ user, permission, entity }: Question, revision: string | undefined) =>
  queryOptions({
    queryKey: ["policy", "answer", revision, user, permission, entity],
    queryFn: ({ signal }) => postJson<PolicyAnswer>(apiPaths.policyAnswer, { user, permission, ...(entity !== "" && { entityRef: entity }) }, signal),
    staleTime: 60 * SECOND,
    retry: false,
  });
