// A composition function on Crossplane's own SDK: one ConfigMap for each name that the composite greets, with the words of a required
// EnvironmentConfig. The composite says when it is to fail, and when to be slow.
import { Resource, fatal, normal, serve } from "@crossplane-org/function-sdk-typescript";

let calls = 0;

serve(async (req, rsp) => {
  const spec = req.observed.composite.resource.spec;
  if (spec.fails) {
    fatal(rsp, `cannot greet ${spec.names.join(" and ")}`);
    return rsp;
  }

  if (spec.slow) {
    await new Promise((resolve) => setTimeout(resolve, 30_000));
  }

  // An answer that is used again tells the number of the call that gave it.
  normal(rsp, `call ${++calls}`);
  rsp.meta.ttl = { seconds: 60, nanos: 0 };
  rsp.requirements = {
    extraResources: {},
    resources: { words: { apiVersion: "apiextensions.crossplane.io/v1beta1", kind: "EnvironmentConfig", matchName: "words" } },
    schemas: {},
  };
  const words = req.requiredResources?.words?.items?.[0];
  if (!words) {
    return rsp;
  }

  for (const name of spec.names) {
    rsp.desired.resources[`greeting-${name}`] = Resource.fromJSON({
      resource: { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "default" }, data: { text: `${words.resource.data.hello} ${name}`, process: `${process.pid}` } },
      ready: "READY_TRUE",
    });
  }

  rsp.desired.composite = Resource.fromJSON({ resource: { status: { greeted: spec.names.length } } });
  rsp.conditions.push({ type: "Polite", status: 2, reason: "Greeted", message: "All are greeted", target: 2 });
  return rsp;
});
