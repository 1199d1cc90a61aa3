import { MissingFeature } from "./MissingFeature";
import { strings } from "./strings";

export default function DocsPage() {
  return <MissingFeature title={strings.docsTitle} body={strings.docsBody} plugin="techdocs" />;
}
