using System.Diagnostics;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests;

/// <summary>The golden path's own service on its own database. Explicit, as it takes packages from npm's registry: run it with <c>--explicit only</c>.</summary>
public sealed partial class GoldenPathTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    [Fact(Explicit = true)]
    public async Task The_golden_paths_service_answers_from_its_own_database()
    {
        const string Name = "visits";
        var skeleton = Path.Combine(Root(), "src/Modules/Catalog/Catalog/GoldenPaths/nodejs-postgresql/skeleton");
        var commit = Publish(Path.Combine(skeleton, "app"), Name);
        var began = Stopwatch.GetTimestamp();
        var manifests = Path.Combine(skeleton, "gitops/manifests");
        await platform.ApplyAsync($"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {Name}");
        await platform.ApplyAsync(Fill(await File.ReadAllTextAsync(Path.Combine(manifests, "claim.yaml"), TestContext.Current.CancellationToken), Name, commit));
        await platform.ApplyAsync(Fill(await File.ReadAllTextAsync(Path.Combine(manifests, "deployment.yaml"), TestContext.Current.CancellationToken), Name, commit));

        await platform.HasAsync(new ResourceKey(new KindId("deployments", "apps"), Name, Name), "Available");

        var runtime = platform.Services.GetRequiredService<IRuntime>();
        using var http = new HttpClient();
        var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{runtime.PortOf(Name, Name)}/"), TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper!.WriteLine($"{Stopwatch.GetElapsedTime(began)}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        Assert.True(answer.IsSuccessStatusCode);
        var claim = Assert.Single(await platform.Services.GetRequiredService<IProvisioning>().ClaimsAsync(Name, TestContext.Current.CancellationToken));
        Assert.True(claim is { Ready: true, Synced: true, Composition: "postgresql-local", ConnectionSecret: "visits-db-connection", Simulated: false });
    }

    private string Publish(string app, string name)
    {
        var work = Directory.CreateTempSubdirectory("flagstone-app-").FullName;
        foreach (var file in Directory.GetFiles(app, "*", SearchOption.AllDirectories).Where(f => !f.Contains("node_modules", StringComparison.Ordinal)))
        {
            var target = Path.Combine(work, Path.GetRelativePath(app, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, Fill(File.ReadAllText(file), name, ""));
        }

        var commit = HostedSource.Publish(platform.Data, name, work);
        Directory.Delete(work, recursive: true);
        return commit;
    }

    private static string Fill(string text, string name, string commit) => Value().Replace(text, match => match.Groups["what"].Value.Trim() switch
    {
        "values.name" => name,
        "values.commit" => commit,
        "values.environment" => "dev",
        "values.team" => "team",
        "values.registry" => "registry",
        "values.storageGB" => "20",
        var other when other.StartsWith("'db.t3", StringComparison.Ordinal) => "db.t3.small",
        var other when other.StartsWith('2') => "1",
        "values.environment == 'prod'" => "false",
        _ => "text",
    });

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Monolith.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"\$\{\{(?<what>[^}]*)\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Value();
}
