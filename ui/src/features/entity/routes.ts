import { modelQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { entityQuery } from "./queries";

const page = () => import("./EntityPage");

const load: PageRoute["load"] = async ({ queryClient, params }) => {
  const { namespace = "", kind = "", name = "" } = params;
  const model = queryClient.query(modelQuery()).catch(() => undefined); // the page does without
  await queryClient.query(entityQuery({ namespace, kind, name }));
  await model;
};

/** One entity, at Backstage's address for it. Tabs of Backstage that do not exist here open the overview. */
export const entityRoutes: PageRoute[] = [
  { path: routePatterns.entity, page, load },
  { path: routePatterns.entityTab, page, load },
];
