import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import type { Target } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "./AppLink";
import classes from "./Pagination.module.css";
import { strings } from "./strings";

interface PaginationProps {
  page: number;
  pageSize: number;
  total: number;
  target: (page: number) => Target;
}

/** Where in the list this page is, with links to its neighbours. Nothing when everything fits on one page. */
export function Pagination({ page, pageSize, total, target }: PaginationProps) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  if (pages === 1) return null;
  const from = Math.min((page - 1) * pageSize + 1, total);
  const to = Math.min(page * pageSize, total);
  return (
    <nav aria-label="Pages" className={classes.root}>
      <span>{strings.pageOf(from, to, formatCount(total))}</span>
      <span className={classes.links}>
        {page > 1 ? (
          <AppLink target={target(page - 1)} rel="prev" className={classes.link}>
            <IconChevronLeft size={15} aria-hidden="true" />
            {strings.previousPage}
          </AppLink>
        ) : null}
        {page < pages ? (
          <AppLink target={target(page + 1)} rel="next" className={classes.link}>
            {strings.nextPage}
            <IconChevronRight size={15} aria-hidden="true" />
          </AppLink>
        ) : null}
      </span>
    </nav>
  );
}
