using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Catalog.Runs;

/// <summary>
/// Stores the golden paths that come with the platform. One that an administrator changed stays as it is until a release brings another
/// text.
/// </summary>
internal sealed class BuiltInTemplates(ResourceGateway gateway, ResourceStore store, KindRegistry kinds, LedgerTail tail)
{
    private const string Namespace = "default";
    private const string Digest = "flagstone.dev/template-digest";
    private static readonly string[] Names = ["nodejs-postgresql", "nodejs-temporal", "dotnet-temporal"];
    private static readonly Caller Platform = Caller.System("golden-paths");
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    public async Task StoreAsync(CancellationToken ct)
    {
        await NamespaceAsync(ct);
        foreach (var name in Names)
        {
            await StoreAsync(name, ct);
        }
    }

    // A first start makes the namespace after everything has been started.
    private async Task NamespaceAsync(CancellationToken ct)
    {
        await tail.Started.WaitAsync(ct);
        await foreach (var _ in tail.FollowAsync(Math.Max(tail.Head - 1, 0), Idle, ct))
        {
            if (await store.FindAsync(NamespaceView.KeyOf(Namespace), ct) is not null)
            {
                return;
            }
        }
    }

    private async Task StoreAsync(string name, CancellationToken ct)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(TemplateSkeletons.Folder(name), "template.yaml"), ct);
        if (!YamlReader.TryReadAll(text, null, out var documents, out var error))
        {
            throw new InvalidDataException($"Golden path {name}: {error}");
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
        var document = documents.Single().Mapping;
        var metadata = document.Metadata();
        if (metadata["annotations"] is not JsonObject annotations)
        {
            metadata["annotations"] = annotations = [];
        }

        annotations[TemplateSkeletons.Annotation] = TemplateSkeletons.BuiltIn + name;
        annotations[Digest] = digest;
        var kind = kinds.Find(TemplateKinds.Template)!;
        var key = kind.Key(Namespace, name);
        var options = new WriteOptions { Origin = "release", FieldManager = "flagstone-golden-paths" };
        var outcome = await store.FindAsync(key, ct) is not { } existing
            ? await gateway.CreateAsync(Platform, kind, Namespace, document, options, ct)
            : existing.ToDocument().Annotation(Digest) == digest
                ? null
                : await gateway.UpdateAsync(Platform, kind, key, (_, _) => new(((JsonObject)document.DeepClone(), null)), options, ct);
        if (outcome is Refused { Problem: { Slug: not "already-exists" } problem })
        {
            throw new InvalidDataException($"Golden path {name}: {problem.Detail}");
        }
    }
}
