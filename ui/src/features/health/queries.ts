import { queryOptions } from "@tanstack/react-query";
import { getJson } from "@/api/client";
import { apiPaths } from "@/lib/paths";
import type { Queue } from "./parts";

const MOST = 100;

/** What waits, runs and failed, over these plugins. */
export const queueQuery = (plugins: readonly string[]) =>
  queryOptions({
    queryKey: ["queue", plugins],
    staleTime: 15_000,
    refetchInterval: 30_000,
    queryFn: async ({ signal }): Promise<Queue> => {
      const count = async (id: string, part: string) => (await getJson<unknown[]>(apiPaths.pluginPart(id, `${part}limit=${MOST}`), signal)).length;
      const each = (part: string) => Promise.all(plugins.map((id) => count(id, part)));
      const [waiting, running, failed, dead] = await Promise.all([each("tasks?state=pending&"), each("tasks?state=running&"), each("tasks?state=failed&"), each("events/dead?")]);
      const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);
      return { waiting: sum(waiting), running: sum(running), failed: sum(failed), dead: sum(dead), more: [...waiting, ...running, ...failed, ...dead].some((one) => one >= MOST) };
    },
  });
