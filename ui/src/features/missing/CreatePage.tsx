import { MissingFeature } from "./MissingFeature";
import { strings } from "./strings";

export default function CreatePage() {
  return <MissingFeature title={strings.createTitle} body={strings.createBody} plugin="scaffolder" />;
}
