using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Flagstone.Platform.Kubernetes;

/// <summary>
/// Decodes the API server's protobuf envelope ("k8s\0", then a <c>runtime.Unknown</c>) for the kinds that kubectl sends so and for which it
/// takes no 415 for an answer. Field numbers are those of Kubernetes' published .proto files (k8s.io/api, k8s.io/apimachinery).
/// </summary>
internal static class Protobuf
{
    private const int MaxDepth = 32;

    private static readonly Message ObjectReference = new(("kind", 1), ("namespace", 2), ("name", 3), ("uid", 4), ("apiVersion", 5), ("resourceVersion", 6), ("fieldPath", 7));

    private static readonly Message OwnerReference = new(("kind", 1), ("name", 3), ("uid", 4), ("apiVersion", 5), ("controller!", 6), ("blockOwnerDeletion!", 7));

    private static readonly Message Meta = new(
        ("name", 1), ("generateName", 2), ("namespace", 3), ("selfLink", 4), ("uid", 5), ("resourceVersion", 6), ("generation#", 7),
        ("labels{}", 11), ("annotations{}", 12), ("finalizers[]", 14))
    { Nested = { [13] = ("ownerReferences[]", OwnerReference) } };

    private static readonly Message PolicyRule = new(("verbs[]", 1), ("apiGroups[]", 2), ("resources[]", 3), ("resourceNames[]", 4), ("nonResourceURLs[]", 5));

    private static readonly Message ServiceSpec = new(("selector{}", 2), ("clusterIP", 3), ("type", 4), ("externalIPs[]", 5), ("sessionAffinity", 7), ("loadBalancerIP", 8), ("externalName", 10))
    {
        Nested = { [1] = ("ports[]", new(("name", 1), ("protocol", 2), ("port#", 3), ("targetPort%", 4), ("nodePort#", 5), ("appProtocol", 6))) },
    };

    private static readonly Message Container = new(("name", 1), ("image", 2), ("command[]", 3), ("args[]", 4), ("workingDir", 5), ("imagePullPolicy", 14))
    {
        Nested =
        {
            [6] = ("ports[]", new(("name", 1), ("hostPort#", 2), ("containerPort#", 3), ("protocol", 4), ("hostIP", 5))),
            [7] = ("env[]", new(("name", 1), ("value", 2))),
        },
    };

    private static readonly Message PodTemplate = new()
    {
        Nested =
        {
            [1] = ("metadata", Meta),
            [2] = ("spec", new(("restartPolicy", 3), ("serviceAccountName", 8)) { Nested = { [2] = ("containers[]", Container) } }),
        },
    };

    private static readonly Message DeploymentSpec = new(("replicas#", 1), ("minReadySeconds#", 5), ("revisionHistoryLimit#", 6), ("paused!", 7), ("progressDeadlineSeconds#", 9))
    {
        Nested = { [2] = ("selector", new(("matchLabels{}", 1))), [3] = ("template", PodTemplate), [4] = ("strategy", new(("type", 1))) },
    };

    private static readonly Dictionary<string, Message> Kinds = new(StringComparer.Ordinal)
    {
        ["v1/Namespace"] = new() { Nested = { [1] = ("metadata", Meta), [2] = ("spec", new(("finalizers[]", 1))), [3] = ("status", new(("phase", 1))) } },
        ["v1/Secret"] = new(("data{b}", 2), ("type", 3), ("stringData{}", 4), ("immutable!", 5)) { Nested = { [1] = ("metadata", Meta) } },
        ["v1/ConfigMap"] = new(("data{}", 2), ("binaryData{b}", 3), ("immutable!", 4)) { Nested = { [1] = ("metadata", Meta) } },
        ["v1/ServiceAccount"] = new(("automountServiceAccountToken!", 4)) { Nested = { [1] = ("metadata", Meta), [2] = ("secrets[]", ObjectReference), [3] = ("imagePullSecrets[]", new(("name", 1))) } },
        ["v1/Service"] = new() { Nested = { [1] = ("metadata", Meta), [2] = ("spec", ServiceSpec) } },
        ["apps/v1/Deployment"] = new() { Nested = { [1] = ("metadata", Meta), [2] = ("spec", DeploymentSpec) } },
        ["rbac.authorization.k8s.io/v1/Role"] = new() { Nested = { [1] = ("metadata", Meta), [2] = ("rules[]", PolicyRule) } },
        ["rbac.authorization.k8s.io/v1/RoleBinding"] = new()
        {
            Nested =
            {
                [1] = ("metadata", Meta),
                [2] = ("subjects[]", new(("kind", 1), ("apiGroup", 2), ("name", 3), ("namespace", 4))),
                [3] = ("roleRef", new(("apiGroup", 1), ("kind", 2), ("name", 3))),
            },
        },
        ["authorization.k8s.io/v1/SelfSubjectAccessReview"] = new()
        {
            Nested =
            {
                [1] = ("metadata", Meta),
                [2] = ("spec", new()
                {
                    Nested =
                    {
                        [1] = ("resourceAttributes", new(("namespace", 1), ("verb", 2), ("group", 3), ("version", 4), ("resource", 5), ("subresource", 6), ("name", 7))),
                        [2] = ("nonResourceAttributes", new(("path", 1), ("verb", 2))),
                    },
                }),
            },
        },
        ["authorization.k8s.io/v1/SelfSubjectRulesReview"] = new() { Nested = { [1] = ("metadata", Meta), [2] = ("spec", new(("namespace", 1))) } },
        ["authentication.k8s.io/v1/SelfSubjectReview"] = new() { Nested = { [1] = ("metadata", Meta) } },
        ["v1/DeleteOptions"] = new(("gracePeriodSeconds#", 1), ("orphanDependents!", 3), ("propagationPolicy", 4), ("dryRun[]", 5)) { Nested = { [2] = ("preconditions", new(("uid", 1), ("resourceVersion", 2))) } },
    };

    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out JsonObject? document, [NotNullWhen(false)] out string? error)
    {
        (document, error) = (null, null);
        if (bytes.Length < 4 || !bytes.Span[..4].SequenceEqual("k8s\0"u8))
        {
            error = "the body does not begin with the protobuf envelope";
            return false;
        }

        try
        {
            var (apiVersion, kind, raw) = Envelope(bytes[4..]);
            var name = kind == "DeleteOptions" ? "v1/DeleteOptions" : $"{apiVersion}/{kind}";
            if (!Kinds.TryGetValue(name, out var message))
            {
                error = $"{name} is not taken as protobuf";
                return false;
            }

            document = Read(new CodedInputStream(raw), message, 0);
            document["apiVersion"] = apiVersion;
            document["kind"] = kind;
            return true;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IOException)
        {
            error = e.Message;
            return false;
        }
    }

    private static (string ApiVersion, string Kind, byte[] Raw) Envelope(ReadOnlyMemory<byte> bytes)
    {
        var (apiVersion, kind, raw) = ("", "", Array.Empty<byte>());
        var input = new CodedInputStream(bytes.ToArray());
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    var type = new CodedInputStream(input.ReadBytes().ToByteArray());
                    while (type.ReadTag() is not 0 and var inner)
                    {
                        switch (WireFormat.GetTagFieldNumber(inner))
                        {
                            case 1: apiVersion = type.ReadString(); break;
                            case 2: kind = type.ReadString(); break;
                            default: type.SkipLastField(); break;
                        }
                    }

                    break;
                case 2: raw = input.ReadBytes().ToByteArray(); break;
                default: input.SkipLastField(); break;
            }
        }

        return (apiVersion, kind, raw);
    }

    private static JsonObject Read(CodedInputStream input, Message message, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"the message is nested deeper than {MaxDepth}");
        }

        var result = new JsonObject();
        while (input.ReadTag() is not 0 and var tag)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            if (message.Nested.TryGetValue(number, out var nested))
            {
                Put(result, nested.Name, Read(new CodedInputStream(input.ReadBytes().ToByteArray()), nested.Message, depth + 1));
            }
            else if (!message.Fields.TryGetValue(number, out var field))
            {
                input.SkipLastField();
            }
            else if (field.EndsWith("{}", StringComparison.Ordinal) || field.EndsWith("{b}", StringComparison.Ordinal))
            {
                ReadPair(new CodedInputStream(input.ReadBytes().ToByteArray()), result, field[..field.IndexOf('{', StringComparison.Ordinal)], field.EndsWith("{b}", StringComparison.Ordinal));
            }
            else
            {
                switch (field[^1])
                {
                    // gogo-proto writes what is empty, false or zero too; JSON leaves it out.
                    case '!':
                        if (input.ReadBool())
                        {
                            result[field[..^1]] = true;
                        }

                        break;
                    case '#':
                        if (input.ReadInt64() is not 0 and var number64)
                        {
                            result[field[..^1]] = number64;
                        }

                        break;
                    case '%': result[field[..^1]] = ReadIntOrString(new CodedInputStream(input.ReadBytes().ToByteArray())); break;
                    default:
                        var text = input.ReadString();
                        if (text.Length > 0 || field.EndsWith("[]", StringComparison.Ordinal))
                        {
                            Put(result, field, text);
                        }

                        break;
                }
            }
        }

        return result;
    }

    private static void ReadPair(CodedInputStream input, JsonObject result, string field, bool bytes)
    {
        var key = "";
        JsonNode value = "";
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: key = input.ReadString(); break;
                case 2: value = bytes ? Convert.ToBase64String(input.ReadBytes().Span) : input.ReadString(); break;
                default: input.SkipLastField(); break;
            }
        }

        if (result[field] is not JsonObject map)
        {
            result[field] = map = [];
        }

        map[key] = value;
    }

    private static JsonNode ReadIntOrString(CodedInputStream input)
    {
        var (isText, number, text) = (false, 0L, "");
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: isText = input.ReadInt64() == 1; break;
                case 2: number = input.ReadInt64(); break;
                case 3: text = input.ReadString(); break;
                default: input.SkipLastField(); break;
            }
        }

        return isText ? text : number;
    }

    private static void Put(JsonObject result, string field, JsonNode value)
    {
        if (!field.EndsWith("[]", StringComparison.Ordinal))
        {
            result[field] = value;
            return;
        }

        if (result[field[..^2]] is not JsonArray list)
        {
            result[field[..^2]] = list = [];
        }

        list.Add(value);
    }

    /// <summary>Fields by number. A name's ending tells its type: <c>[]</c> list, <c>{}</c> map of texts, <c>{b}</c> map of bytes, <c>!</c> truth, <c>#</c> number, <c>%</c> int-or-string.</summary>
    private sealed class Message(params (string Name, int Number)[] fields)
    {
        public Dictionary<int, string> Fields { get; } = fields.ToDictionary(f => f.Number, f => f.Name);

        public Dictionary<int, (string Name, Message Message)> Nested { get; } = [];
    }
}
