import { Button } from "@mantine/core";
import { Markdown } from "@/ui/markdown/Markdown";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { Section } from "@/ui/Section";
import { DeniedState, EmptyState, ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { TaskLog } from "@/ui/task-log/TaskLog";
import { AdminTemplate } from "@/ui/templates";
import classes from "./Gallery.module.css";
import { Dialogs, Forms, QueryAndFacets, Tables } from "./Interactive";
import { deniedError, internalError, networkError, sampleCode, sampleMarkdown, sampleSteps } from "./samples";
import { Colours, Controls, Entities, Statuses, Type } from "./Specimens";
import { strings } from "./strings";

/** Every component in every state, so that a change of one can be seen before it is met. */
export default function GalleryPage() {
  return (
    <AdminTemplate title={strings.title} below={<span>{strings.intro}</span>}>
      <Colours />
      <Type />
      <Controls />
      <Statuses />
      <Entities />
      <Section title={strings.states}>
        <div className={classes.columns}>
          <EmptyState title="No entity matches" action={<Button variant="default">Clear the query</Button>}>
            Every term narrows the list.
          </EmptyState>
          <ErrorState error={internalError} title="The catalog cannot be listed" onRetry={() => undefined} />
          <ErrorState error={networkError} title="The catalog cannot be listed" onRetry={() => undefined} />
          <DeniedState error={deniedError} />
          <SkeletonLines lines={4} />
          <PartialNotice action={<Button variant="subtle" size="compact-xs">Try again</Button>}>Counts cannot be loaded right now; the list is complete.</PartialNotice>
        </div>
      </Section>
      <Tables />
      <QueryAndFacets />
      <Dialogs />
      <Forms />
      <Section title={strings.markdown}>
        <Markdown source={sampleMarkdown} />
      </Section>
      <Section title={strings.code}>
        <div className={classes.columns}>
          {Object.entries(sampleCode).map(([language, code]) => (
            <CodeBlock key={language} code={code} language={language} label={`${language} sample`} />
          ))}
        </div>
      </Section>
      <Section title={strings.log}>
        <TaskLog steps={sampleSteps} label={strings.log} />
      </Section>
      <Section title={strings.logNone}>
        <TaskLog steps={[]} label={strings.logNone} live />
      </Section>
    </AdminTemplate>
  );
}
