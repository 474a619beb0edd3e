using System.Reflection;
using Flagstone.Platform;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.BuiltIn;

/// <summary>Applies the catalog that an installation starts with. What is there already is the installation's own, and stays as it is.</summary>
internal sealed partial class BuiltInCatalog(ResourceGateway gateway, KindRegistry kinds, LedgerTail tail, ILogger<BuiltInCatalog> logger)
    : BackgroundService, IStartWork
{
    private const string Prefix = "BuiltIn/";

    public Task Finished => ExecuteTask ?? Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await tail.Started.WaitAsync(stoppingToken);
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            if (!YamlReader.TryReadAll(await reader.ReadToEndAsync(stoppingToken), null, out var documents, out var error))
            {
                throw new InvalidDataException($"{resource}: {error}");
            }

            foreach (var document in documents)
            {
                var manifest = document.Mapping;
                kinds.TryFind(manifest.Text("apiVersion"), manifest.Text("kind"), out var kind);
                var outcome = await gateway.CreateAsync(
                    Caller.System("built-in"), kind!, manifest.NamespaceOf(), manifest, new WriteOptions { Origin = "bootstrap" }, stoppingToken);
                if (outcome is Refused { Problem: { Reason: not "AlreadyExists" } problem })
                {
                    LogRefused(resource, problem.Detail);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The built-in {Resource} was refused: {Why}")]
    private partial void LogRefused(string resource, string why);
}
