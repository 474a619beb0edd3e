using System.Text;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>Moving an embedded installation to PostgreSQL.</summary>
public sealed class TransferTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_embedded_folder_moves_to_PostgreSQL_with_the_same_checkpoint_root()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-transfer-").FullName;
        var archive = Path.Combine(folder, "export.zip");
        await using var old = await RunningHost.StartAsync(Ct);
        var token = old.Token;
        using (var client = old.KubernetesClient())
        {
            for (var i = 0; i < 300; i++)
            {
                using var body = new StringContent(
                    $$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s{{{i}}}","labels":{"app":"x"}},"stringData":{"a":"value-{{{i}}}"}}""", Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(new Uri("/api/v1/namespaces/default/secrets", UriKind.Relative), body, Ct);
                answer.EnsureSuccessStatusCode();
            }
        }

        var before = await PublishedLog.ReadAsync(old, token, Ct);
        await old.StopAsync();
        Assert.Contains("Exported", await FlagstoneAsync("export", archive, "--data", old.Data), StringComparison.Ordinal);

        await using var postgres = await PrivatePostgres.StartAsync(Ct);
        var database = await postgres.CreateDatabaseAsync(Ct);
        var data = Directory.CreateTempSubdirectory("flagstone-host-").FullName;
        Assert.Contains("Imported", await FlagstoneAsync("import", archive, "--data", data, "--database", database), StringComparison.Ordinal);
        await using var moved = await RunningHost.StartAsync(Ct, database, data);

        var after = await PublishedLog.ReadAsync(moved, token, Ct);
        Assert.Equal((before.Size, before.Root), (after.Size, after.Root));
        Assert.Equal(after.Root, after.ComputedRoot);
        using var there = moved.KubernetesClient(token);
        var secret = await there.GetStringAsync(new Uri("/api/v1/namespaces/default/secrets/s7", UriKind.Relative), Ct);
        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("value-7")), secret, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> FlagstoneAsync(params string[] arguments)
    {
        var result = await Programs.RunAsync(Path.Combine(AppContext.BaseDirectory, "flagstone"), arguments, "", new Dictionary<string, string>(), Ct);
        Assert.True(result.ExitCode == 0, result.All);
        return result.Output;
    }
}
