using System.Net.Sockets;
using System.Text;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.CompanyCatalog;

/// <summary>The catalog on a laptop: a cache that is real, a bucket and a queue that say that they are simulated, and compositions that passed their tests.</summary>
public sealed class LocalCatalogTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private const string Group = "platform.example.com";
    private static readonly KindId Secrets = new("secrets", "");

    [Fact]
    public async Task A_cache_is_a_redis_server_of_its_own_that_its_secret_opens_and_that_goes_with_it()
    {
        await platform.ApplyAsync(Claim("ElastiCacheCluster", "cache"));
        var key = new ResourceKey(new KindId("elasticacheclusters", Group), "default", "cache");
        await platform.HasAsync(key, "Ready");
        var values = PlatformHost.Values((await platform.FindAsync(new ResourceKey(Secrets, "default", "cache-connection")))!);
        var port = int.Parse(values["port"], null);

        Assert.StartsWith("-NOAUTH", await AskAsync(port, "PING"), StringComparison.Ordinal);
        Assert.Equal("+OK", await AskAsync(port, $"AUTH {values["password"]}"));
        Assert.Equal("+OK\n+OK", await AskAsync(port, $"AUTH {values["password"]}", "SET visits 7"));

        // What is killed comes back, with what it held.
        var pid = int.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(platform.Data, "redis"), "pid", SearchOption.AllDirectories).Single()).Split(' ')[0], null);
        System.Diagnostics.Process.GetProcessById(pid).Kill(entireProcessTree: true);
        var managed = (await platform.Store.ListAsync(new ListQuery(new KindId("redisservers", "process.flagstone.dev")), TestContext.Current.CancellationToken)).Items.Single().Key;
        await platform.WaitAsync("the server to be back", async () =>
        {
            await platform.ReconcileAsync("managed", managed);
            return await AnswersAsync(port);
        });
        Assert.Equal("+OK\n$1\n7", await AskAsync(port, $"AUTH {values["password"]}", "GET visits"));

        await platform.DeleteAsync(key);
        await platform.IsGoneAsync(key);
        await platform.IsGoneAsync(managed);
        await Assert.ThrowsAnyAsync<SocketException>(() => AskAsync(port, "PING"));
    }

    [Theory]
    [InlineData("S3Bucket", "s3buckets", new[] { "arn", "bucket", "region" })]
    [InlineData("SQSQueue", "sqsqueues", new[] { "arn", "region", "url" })]
    public async Task What_has_no_real_part_here_is_simulated_and_says_so(string kind, string plural, string[] keys)
    {
        await platform.ApplyAsync(Claim(kind, $"sim-{plural}"));

        await platform.HasAsync(new ResourceKey(new KindId(plural, Group), "default", $"sim-{plural}"), "Ready");

        var values = PlatformHost.Values((await platform.FindAsync(new ResourceKey(Secrets, "default", $"sim-{plural}-connection")))!);
        Assert.Equal(keys, values.Keys.Order());
        var made = (await platform.Store.ListAsync(new ListQuery(new KindId(kind == "S3Bucket" ? "buckets" : "queues", "simulated.flagstone.dev")), TestContext.Current.CancellationToken))
            .Items.Single().ToDocument();
        Assert.Equal("SIMULATED", made.FindCondition("Ready")!.Message);
    }

    [Theory]
    [InlineData("postgresql-aws-standard")]
    [InlineData("s3bucket-aws-standard")]
    [InlineData("sqsqueue-aws-standard")]
    [InlineData("elasticache-aws-standard")]
    public async Task The_compositions_for_aws_have_passed_their_tests(string composition)
    {
        var key = new ResourceKey(new KindId("compositions", "apiextensions.crossplane.io"), "", composition);
        var found = await platform.HasAsync(key, "Current");

        // A composition is current for a moment before the catalog's tests of it are there.
        await platform.HasAsync(new ResourceKey(new KindId("compositionrevisions", "apiextensions.crossplane.io"), "", found["status"].Text("currentRevision")), "Tested");
    }

    private static string Claim(string kind, string name) => $$"""
        apiVersion: {{Group}}/v1alpha1
        kind: {{kind}}
        metadata: { name: {{name}}, namespace: default }
        spec: { writeConnectionSecretToRef: { name: {{name}}-connection } }
        """;

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            return (await AskAsync(port, "PING")).StartsWith("-NOAUTH", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>Redis' inline protocol: one line for each command, and the lines of the answers.</summary>
    private static async Task<string> AskAsync(int port, params string[] commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(commands.Select(c => $"{c}\r\n")) + "QUIT\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var lines = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return string.Join('\n', lines.SkipLast(1));
    }
}
