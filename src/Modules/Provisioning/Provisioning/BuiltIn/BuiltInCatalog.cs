using System.Reflection;
using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Tests;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.BuiltIn;

/// <summary>
/// Applies the catalog that this version of the platform brings, at each start and as a field manager of its own: what an earlier version brought
/// moves on, and what somebody changed here is theirs and stays as it is.
/// </summary>
internal sealed partial class BuiltInCatalog(ResourceGateway gateway, KindRegistry kinds, LedgerTail tail, TimeProvider clock, ILogger<BuiltInCatalog> logger)
    : BackgroundService, IStartWork
{
    /// <summary>The field manager of all that is built in.</summary>
    public const string Manager = "flagstone-built-in";

    private const string Prefix = "BuiltIn/";

    private static readonly Caller Platform = Caller.System("built-in");
    private static readonly WriteOptions Options = new() { Origin = "bootstrap", FieldManager = Manager };

    public Task Finished => ExecuteTask ?? Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await tail.Started.WaitAsync(stoppingToken);
        // Tests come before what they test, and the kinds before both.
        foreach (var manifest in (await ReadAsync(stoppingToken)).OrderBy(Rank))
        {
            kinds.TryFind(manifest.Text("apiVersion"), manifest.Text("kind"), out var kind);
            var name = manifest.NameOf();
            switch (await ApplyAsync(kind!, manifest, stoppingToken))
            {
                case Refused { Problem: { Slug: "apply-conflict" } conflict }:
                    LogKept(kind!.Kind, name, conflict.Detail);
                    break;
                case Refused { Problem: { Reason: not "AlreadyExists" } problem }:
                    // Of what is there by now another process of this start has applied the same.
                    LogRefused(kind!.Kind, name, problem.Detail);
                    break;
            }
        }
    }

    private static async Task<List<JsonObject>> ReadAsync(CancellationToken ct)
    {
        var manifests = new List<JsonObject>();
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            if (!YamlReader.TryReadAll(await reader.ReadToEndAsync(ct), null, out var documents, out var error))
            {
                throw new InvalidDataException($"{resource}: {error}");
            }

            manifests.AddRange(documents.Select(d => d.Mapping));
        }

        return manifests;
    }

    private static int Rank(JsonObject manifest) => manifest.Text("kind") switch
    {
        var kind when kind == CompositionKinds.Definition.Kind => 0,
        var kind when kind == CompositionTestKind.Test.Kind => 1,
        _ => 2,
    };

    private async Task<WriteOutcome> ApplyAsync(KindDefinition kind, JsonObject manifest, CancellationToken ct)
    {
        var applying = Options.ForApply();
        var updated = await gateway.UpdateAsync(
            Platform, kind, kind.Key("", manifest.NameOf()), (current, _) => new(Applying.Merge(current, manifest, kind, Options, force: false, clock.GetUtcNow())), applying, ct);
        if (updated is not Refused { Problem.Status: 404 })
        {
            return updated;
        }

        var (created, problem) = Applying.Merge(null, manifest, kind, Options, force: false, clock.GetUtcNow());
        return problem is not null ? new Refused(problem) : await gateway.CreateAsync(Platform, kind, "", created!, applying, ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The built-in {Kind} {Name} was changed here and stays so: {Conflict}")]
    private partial void LogKept(string kind, string name, string conflict);

    [LoggerMessage(Level = LogLevel.Error, Message = "The built-in {Kind} {Name} was refused: {Why}")]
    private partial void LogRefused(string kind, string name, string why);
}
