import { EntityLink } from "@/components/entity/EntityLink";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { subjectWords } from "./strings";

const ENTITY = /^(user|group):/;

/** Who did it: a person of the catalog, a plugin, the host itself, or nobody who signed in. */
export function Subject({ subject }: { subject: string }) {
  if (ENTITY.test(subject)) return <EntityLink entityRef={subject} />;
  if (subject.startsWith("plugin:")) return <AppLink target={paths.plugin(subject.slice("plugin:".length))}>{subjectWords.plugin(subject.slice("plugin:".length))}</AppLink>;
  if (subject === "system") return subjectWords.system;
  return subject === "" ? subjectWords.nobody : <code>{subject}</code>;
}
