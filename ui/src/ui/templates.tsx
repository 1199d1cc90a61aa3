import { IconChevronRight } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import type { Target } from "@/lib/paths";
import { AppLink } from "./AppLink";
import { useHeadingFocus } from "./route-focus";
import classes from "./templates.module.css";

export interface Crumb {
  label: string;
  target: Target;
}

interface HeaderProps {
  title: string;
  crumbs?: readonly Crumb[];
  /** Before the title: the icon of a kind. */
  icon?: ReactNode;
  /** After the title on its line: a state, a copy button. */
  beside?: ReactNode;
  /** Under the title: facts in one line. */
  below?: ReactNode;
  /** One primary action, the rest in a menu. */
  actions?: ReactNode;
}

/** The top of each page: where it is, what it is, what can be done. Its h1 takes the focus after navigation. */
function PageHeader({ title, crumbs = [], icon, beside, below, actions }: HeaderProps) {
  const heading = useHeadingFocus();
  return (
    <header className={classes.header}>
      <title>{`${title} · Callboard`}</title>
      {crumbs.length > 0 && (
        <nav aria-label="Breadcrumb" className={classes.crumbs}>
          {crumbs.map((crumb) => (
            <Fragment key={crumb.label}>
              <AppLink target={crumb.target}>{crumb.label}</AppLink>
              <IconChevronRight size={13} aria-hidden="true" />
            </Fragment>
          ))}
        </nav>
      )}
      <div className={classes.titleRow}>
        <div className={classes.titleGroup}>
          {icon}
          <h1 ref={heading} tabIndex={-1} className={classes.title}>
            {title}
          </h1>
          {beside}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      {below !== undefined && <div className={classes.below}>{below}</div>}
    </header>
  );
}

type TemplateProps = HeaderProps & { children: ReactNode };

/** Home: sections in two columns that read top to bottom on a phone. */
export function HomeTemplate({ children, ...header }: TemplateProps) {
  return (
    <div className={classes.page} data-template="home">
      <PageHeader {...header} />
      <div className={classes.home}>{children}</div>
    </div>
  );
}

/** List: facets on the left, toolbar and table on the right. */
export function ListTemplate({ toolbar, facets, children, ...header }: TemplateProps & { toolbar?: ReactNode; facets?: ReactNode }) {
  return (
    <div className={classes.page} data-template="list">
      <PageHeader {...header} />
      {toolbar}
      <div className={facets === undefined ? undefined : classes.list}>
        {facets !== undefined && <div className={classes.facets}>{facets}</div>}
        <div className={classes.main}>{children}</div>
      </div>
    </div>
  );
}

/** Detail: banner, tabs, body with an aside. */
export function DetailTemplate({ banner, tabs, aside, children, ...header }: TemplateProps & { banner?: ReactNode; tabs?: ReactNode; aside?: ReactNode }) {
  return (
    <div className={classes.page} data-template="detail">
      <PageHeader {...header} />
      {banner}
      {tabs}
      <div className={aside === undefined ? undefined : classes.detail}>
        <div className={classes.main}>{children}</div>
        {aside !== undefined && <div className={classes.aside}>{aside}</div>}
      </div>
    </div>
  );
}

/** Form: one column at reading width, the actions stay in sight when there are any. */
export function FormTemplate({ footer, children, ...header }: TemplateProps & { footer?: ReactNode }) {
  return (
    <div className={classes.page} data-template="form">
      <PageHeader {...header} />
      <div className={classes.form}>{children}</div>
      {footer !== undefined && <div className={classes.formFooter}>{footer}</div>}
    </div>
  );
}

/** Run: steps on the left, the log beside them, outputs at the end. */
export function RunTemplate({ steps, outputs, children, ...header }: TemplateProps & { steps: ReactNode; outputs?: ReactNode }) {
  return (
    <div className={classes.page} data-template="run">
      <PageHeader {...header} />
      <div className={classes.run}>
        <div>{steps}</div>
        <div className={classes.main}>{children}</div>
      </div>
      {outputs}
    </div>
  );
}

/** Admin: a line of figures, then the table or the checks. */
export function AdminTemplate({ figures, children, ...header }: TemplateProps & { figures?: readonly { label: string; value: ReactNode }[] }) {
  return (
    <div className={classes.page} data-template="admin">
      <PageHeader {...header} />
      {figures !== undefined && (
        <dl className={classes.figures}>
          {figures.map((figure) => (
            <div key={figure.label}>
              <dt>{figure.label}</dt>
              <dd>{figure.value}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className={classes.main}>{children}</div>
    </div>
  );
}
