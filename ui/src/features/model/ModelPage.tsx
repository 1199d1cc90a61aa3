import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { modelQuery } from "@/api/queries";
import type { CatalogModel, ModelField, ModelKind } from "@/api/types";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { relationWords } from "@/components/entity/relation-words";
import { paths } from "@/lib/paths";
import { kindQuery } from "@/lib/query/grammar";
import { firstOf } from "@/lib/search-params";
import { AppLink } from "@/ui/AppLink";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { usePageSearch } from "@/ui/page-route";
import { Facts, Section } from "@/ui/Section";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { ListTemplate } from "@/ui/templates";
import classes from "./ModelPage.module.css";
import { strings } from "./strings";

const crumbs = [{ label: strings.catalog, target: paths.catalog() }];
const crumbsOfKind = [...crumbs, { label: strings.title, target: paths.model() }];

/** What entities there can be: every kind with its fields, and the words of the whole catalog. One kind is chosen in the URL. */
export default function ModelPage() {
  const { data: model, error, refetch } = useQuery(modelQuery());
  const chosen = firstOf(usePageSearch(), "kind");
  const shown = model?.kinds.filter(({ kind }) => chosen === undefined || kind.toLowerCase() === chosen.toLowerCase()) ?? [];
  return (
    <ListTemplate title={strings.title} crumbs={chosen === undefined ? crumbs : crumbsOfKind} below={strings.lead} facets={model && <Kinds model={model} chosen={chosen} />} toolbar={model && <FoldedKinds key={chosen ?? ""} model={model} chosen={chosen} />}>
      {error && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
      {!model && !error && <SkeletonLines lines={12} />}
      {model?.kinds.length === 0 && <EmptyState title={strings.none}>{strings.noneBody}</EmptyState>}
      {model && model.kinds.length > 0 && shown.length === 0 && (
        <EmptyState title={strings.noKind(chosen ?? "")} action={<AppLink className={classes.link} target={paths.model()}>{strings.showAll}</AppLink>}>
          {strings.noKindBody}
        </EmptyState>
      )}
      {shown.map((kind) => (
        <Kind key={`${kind.kind} ${kind.plugin} ${kind.apiVersions.join()}`} kind={kind} relations={model?.relations ?? []} whole={chosen !== undefined} />
      ))}
      {model && chosen === undefined && <Words model={model} />}
    </ListTemplate>
  );
}

function Kinds({ model, chosen }: { model: CatalogModel; chosen: string | undefined }) {
  const names = [...new Set(model.kinds.map(({ kind }) => kind))];
  return (
    <nav aria-label={strings.kinds} className={classes.kinds}>
      <AppLink target={paths.model()} aria-current={chosen === undefined ? "page" : undefined}>
        {strings.all}
      </AppLink>
      {names.map((kind) => (
        <AppLink key={kind} target={paths.model(kind)} aria-current={kind.toLowerCase() === chosen?.toLowerCase() ? "page" : undefined}>
          <KindIcon kind={kind} size={16} />
          {kindWords(kind).one}
        </AppLink>
      ))}
    </nav>
  );
}

/** The same where there is no room beside the page: one line that opens, and closes with the choice. */
function FoldedKinds(props: { model: CatalogModel; chosen: string | undefined }) {
  return (
    <details className={classes.folded}>
      <summary>{strings.chosenKind(props.chosen === undefined ? strings.all : kindWords(props.chosen).one)}</summary>
      <Kinds {...props} />
    </details>
  );
}

/** A kind; all of its fields and schemas when it is the one that was asked for. */
function Kind({ kind, relations, whole }: { kind: ModelKind; relations: CatalogModel["relations"]; whole: boolean }) {
  const words = kindWords(kind.kind);
  const entities = paths.catalog({ query: kindQuery(kind.kind) });
  return (
    <>
      <Section title={words.one} aside={<AppLink className={classes.link} target={whole ? entities : paths.model(kind.kind)}>{whole ? strings.entities : strings.fields}</AppLink>}>
        {kind.description !== undefined && <p className={classes.text}>{kind.description}</p>}
        <Facts
          items={[
            { label: strings.by, value: <Plugins ids={[kind.plugin]} /> },
            ...(kind.extendedBy.length === 0 ? [] : [{ label: strings.extendedBy, value: <Plugins ids={kind.extendedBy} /> }]),
            { label: strings.apiVersions, value: <code>{kind.apiVersions.join(", ")}</code> },
          ]}
        />
      </Section>
      {whole && (
        <>
          <Section title={strings.fields}>{kind.fields.length === 0 ? <p className={classes.text}>{strings.noFields}</p> : <Fields fields={kind.fields} relations={relations} />}</Section>
          {kind.variants.map(({ type, description, fields }) => (
            <Section key={type} title={strings.form(type)}>
              {description !== undefined && <p className={classes.text}>{description}</p>}
              <Fields fields={fields.filter((field) => !kind.fields.some((general) => JSON.stringify(general) === JSON.stringify(field)))} relations={relations} />
            </Section>
          ))}
          {kind.schemas.length > 0 && (
            <Section title={strings.schemas}>
              {kind.schemas.map(({ plugin, schema }) => (
                <details key={plugin} className={classes.schema}>
                  <summary>{strings.schema(plugin)}</summary>
                  <CodeBlock language="json" label={strings.schema(plugin)} code={JSON.stringify(schema, undefined, 2)} />
                </details>
              ))}
            </Section>
          )}
        </>
      )}
    </>
  );
}

function Plugins({ ids }: { ids: readonly string[] }) {
  return (
    <span className={classes.links}>
      {ids.map((id) => (
        <AppLink key={id} className={classes.link} target={paths.plugin(id)}>
          {id}
        </AppLink>
      ))}
    </span>
  );
}

function Fields({ fields, relations }: { fields: readonly ModelField[]; relations: CatalogModel["relations"] }) {
  return (
    <ul className={classes.items}>
      {fields.map((field) => (
        <Item key={field.path} code={field.path} title={field.title} description={field.description} facts={factsOf(field, relations)} />
      ))}
    </ul>
  );
}

function factsOf({ type, required, relation, default: standsFor, format, mirrored, plugin }: ModelField, relations: CatalogModel["relations"]): string[] {
  return [
    ...(relation ? [strings.refs(nameOfRelation(relation.type, relations))] : type !== undefined ? [type] : []),
    ...(required ? [strings.required] : []),
    ...(standsFor !== undefined ? [strings.standsFor(JSON.stringify(standsFor))] : []),
    ...(format !== undefined ? [strings.computed(format)] : []),
    ...(mirrored ? [strings.mirrored(mirrored.from, nameOfRelation(mirrored.relation, relations))] : []),
    strings.from(plugin),
  ];
}

/** A relation in the words of this page, or of the plugin that declares it, from the side that is read. */
function nameOfRelation(type: string, relations: CatalogModel["relations"]): string {
  return relationWords[type]?.toLowerCase() ?? relations.find((one) => one.type === type)?.title ?? relations.find((one) => one.inverse === type)?.inverseTitle ?? type;
}

/** One thing with a name of its own: what people call it, what it means, and what is to be known about it. */
function Item({ code, title, description, facts }: { code: ReactNode; title?: string | undefined; description?: string | undefined; facts: readonly string[] }) {
  return (
    <li className={classes.item}>
      <div className={classes.name}>
        {title !== undefined && <span>{title}</span>}
        <code>{code}</code>
      </div>
      {description !== undefined && <p className={classes.text}>{description}</p>}
      <div className={classes.facts}>
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </div>
    </li>
  );
}

/** What belongs to no single kind. */
function Words({ model }: { model: CatalogModel }) {
  const keys = (title: string, list: CatalogModel["annotations"]) =>
    list.length > 0 && (
      <Section title={title}>
        <ul className={classes.items}>
          {list.map(({ name, title: label, description, kinds, plugin }) => (
            <Item key={`${name} ${plugin}`} code={name} title={label} description={description} facts={[...(kinds ? [strings.ofKinds(kinds.map((kind) => kindWords(kind).many).join(", "))] : []), strings.from(plugin)]} />
          ))}
        </ul>
      </Section>
    );
  return (
    <>
      {model.relations.length > 0 && (
        <Section title={strings.relations}>
          <ul className={classes.items}>
            {model.relations.map(({ type, inverse, title, inverseTitle, plugins }) => (
              <Item key={type} code={inverse === undefined ? type : `${type} ↔ ${inverse}`} title={title === undefined ? relationWords[type] : inverseTitle === undefined ? title : `${title} · ${inverseTitle}`} facts={plugins.map(strings.from)} />
            ))}
          </ul>
        </Section>
      )}
      {keys(strings.annotations, model.annotations)}
      {keys(strings.labels, model.labels)}
    </>
  );
}
