using System.Text.Json.Nodes;
using Flagstone.Platform.Patching;

namespace Flagstone.Platform.Tests.Patching;

public sealed class StrategicMergePatchTests
{
    [Theory]
    [InlineData("""{"containers":[{"name":"a","image":"1"},{"name":"b"}]}""", """{"containers":[{"name":"a","image":"2"},{"name":"c"}]}""", """{"containers":[{"name":"a","image":"2"},{"name":"b"},{"name":"c"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"containers":[{"name":"a","$patch":"delete"}]}""", """{"containers":[{"name":"b"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"containers":[{"name":"c"},{"$patch":"replace"}]}""", """{"containers":[{"name":"c"}]}""")]
    [InlineData("""{"containers":[{"name":"a","env":[{"name":"X","value":"1"}],"ports":[{"containerPort":80}]}]}""", """{"containers":[{"name":"a","env":[{"name":"Y","value":"2"}],"ports":[{"containerPort":80,"name":"http"}]}]}""", """{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}],"ports":[{"containerPort":80,"name":"http"}]}]}""")]
    [InlineData("""{"containers":[{"name":"a","args":["x","y"]}]}""", """{"containers":[{"name":"a","args":["z"]}]}""", """{"containers":[{"name":"a","args":["z"]}]}""")]
    [InlineData("""{"containers":[{"name":"a","image":"1","tty":true}]}""", """{"containers":[{"name":"a","tty":null}]}""", """{"containers":[{"name":"a","image":"1"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}""", """{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],"containers":[{"name":"a","image":"2"}]}""", """{"containers":[{"name":"c"},{"name":"a","image":"2"},{"name":"b"}]}""")]
    [InlineData("""{"volumes":[{"name":"v","emptyDir":{}}]}""", """{"volumes":[{"name":"v","$retainKeys":["name","configMap"],"configMap":{"name":"m"}}]}""", """{"volumes":[{"name":"v","configMap":{"name":"m"}}]}""")]
    [InlineData("""{"nodeSelector":{"a":"1","b":"2"}}""", """{"nodeSelector":{"$patch":"replace","c":"3"}}""", """{"nodeSelector":{"c":"3"}}""")]
    [InlineData("""{"nodeSelector":{"a":"1"}}""", """{"nodeSelector":{"$patch":"delete"}}""", """{"nodeSelector":{}}""")]
    [InlineData("""{"nodeSelector":{"a":"1"}}""", """{"nodeSelector":null}""", """{}""")]
    [InlineData("""{}""", """{"containers":[{"name":"a","tty":null,"env":[{"name":"X","$patch":"delete"}]}]}""", """{"containers":[{"name":"a","env":[]}]}""")]
    public void A_pods_spec_merges_by_its_keys(string spec, string patch, string expected)
    {
        var document = new JsonObject { ["spec"] = JsonNode.Parse(spec) };
        var change = new JsonObject { ["spec"] = JsonNode.Parse(patch) };
        Assert.True(StrategicMergePatch.TryApply(document, change, MergeShape.Of("", "Pod"), out var result, out var error), error);
        Assert.Equal(expected, result["spec"]!.ToJsonString());
        Assert.Equal(JsonNode.Parse(spec)!.ToJsonString(), document["spec"]!.ToJsonString());
    }

    [Theory]
    [InlineData("", "ConfigMap", """{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["b","c"],"$setElementOrder/finalizers":["c","b"]}}""", """{"metadata":{"finalizers":["c","b"]}}""")]
    [InlineData("", "ConfigMap", """{"metadata":{"ownerReferences":[{"uid":"1","name":"x"}]}}""", """{"metadata":{"ownerReferences":[{"uid":"2","name":"y"}]}}""", """{"metadata":{"ownerReferences":[{"uid":"1","name":"x"},{"uid":"2","name":"y"}]}}""")]
    [InlineData("", "Service", """{"spec":{"ports":[{"port":80}]}}""", """{"spec":{"ports":[{"port":80,"name":"http"},{"port":443}]}}""", """{"spec":{"ports":[{"port":80,"name":"http"},{"port":443}]}}""")]
    [InlineData("", "ServiceAccount", """{"secrets":[{"name":"a"}]}""", """{"secrets":[{"name":"b"}]}""", """{"secrets":[{"name":"a"},{"name":"b"}]}""")]
    [InlineData("batch", "CronJob", """{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}}}""", """{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}""", """{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}""")]
    [InlineData("apps", "Deployment", """{"status":{"conditions":[{"type":"A","status":"True"}]}}""", """{"status":{"conditions":[{"type":"A","status":"False"}]}}""", """{"status":{"conditions":[{"type":"A","status":"False"}]}}""")]
    [InlineData("rbac.authorization.k8s.io", "Role", """{"rules":[{"verbs":["get"]}]}""", """{"rules":[{"verbs":["list"]}]}""", """{"rules":[{"verbs":["list"]}]}""")]
    public void Each_kind_has_its_own_keys(string group, string kind, string document, string patch, string expected)
    {
        Assert.True(StrategicMergePatch.TryApply(
            JsonNode.Parse(document)!.AsObject(), JsonNode.Parse(patch)!.AsObject(), MergeShape.Of(group, kind), out var result, out var error), error);
        Assert.Equal(expected, result.ToJsonString());
    }

    [Theory]
    [InlineData("""{"spec":{"containers":[{"image":"i"}]}}""", "map: {\"image\":\"i\"} does not contain declared merge key: name")]
    [InlineData("""{"spec":{"containers":["a"]}}""", "An item of a list that merges by 'name' is not an object.")]
    [InlineData("""{"spec":{"$patch":"drop"}}""", "Unknown patch directive 'drop'. Use one of: delete, merge, replace.")]
    [InlineData("""{"spec":{"$retainKeys":["a"],"b":1}}""", "The patch sets 'b', which its '$retainKeys' does not name. Add it there.")]
    [InlineData("""{"metadata":{"$deleteFromPrimitiveList/finalizers":"a"}}""", "'$deleteFromPrimitiveList/finalizers' takes a list of the values to delete.")]
    public void A_malformed_patch_is_refused(string patch, string message)
    {
        Assert.False(StrategicMergePatch.TryApply([], JsonNode.Parse(patch)!.AsObject(), MergeShape.Of("", "Pod"), out _, out var error));
        Assert.Equal(message, error);
    }
}
