using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Host.Tests.History;

public sealed class HistoryTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_history_of_a_resource_is_its_rows_newest_first()
    {
        var name = await MakeAsync("told", changes: 2);
        using var client = fixture.Host.Client();

        var (status, page) = await client.ReadAsync($"/api/v1/history/configmaps/default/{name}");

        Assert.Equal(HttpStatusCode.OK, status);
        var rows = page["items"]!.AsArray();
        Assert.Equal(["update", "update", "create"], rows.Select(r => r!.Value("verb")));
        Assert.All(rows, r =>
        {
            Assert.Equal("admin", r!.Value("actorName"));
            Assert.Equal("api", r!.Value("origin"));
            Assert.Equal(r!["sequence"]!.GetValue<long>(), r!["version"]!.GetValue<long>());
            Assert.Equal(64, r!.Value("digest").Length);
            Assert.Null(r!["proof"]);
        });
        using var kubernetes = fixture.Host.KubernetesClient();
        var (_, now) = await kubernetes.ReadAsync($"/api/v1/namespaces/default/configmaps/{name}");
        Assert.Equal(now["metadata"]!.Value("resourceVersion"), rows[0]!["version"]!.GetValue<long>().ToString(CultureInfo.InvariantCulture));
        var body = await kubernetes.GetByteArrayAsync(new Uri($"/api/v1/namespaces/default/configmaps/{name}", UriKind.Relative), Ct);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)), rows[0]!.Value("digest"));
    }

    [Fact]
    public async Task Pages_of_a_history_follow_each_other_to_its_beginning()
    {
        var name = await MakeAsync("long", changes: 4);
        using var client = fixture.Host.Client();
        var seen = new List<long>();
        for (string? next = ""; next is not null;)
        {
            var (_, page) = await client.ReadAsync($"/api/v1/history/configmaps/default/{name}?limit=2&cursor={next}");
            seen.AddRange(page["items"]!.AsArray().Select(r => r!["sequence"]!.GetValue<long>()));
            next = page["next"]?.GetValue<string>();
        }

        Assert.Equal(5, seen.Count);
        Assert.Equal(seen.OrderDescending(), seen);
    }

    [Fact]
    public async Task A_client_alone_can_verify_that_a_row_is_in_the_signed_tree()
    {
        var name = await MakeAsync("proven", changes: 1);
        using var client = fixture.Host.Client();
        var key = (await client.GetStringAsync(new Uri("/log/key", UriKind.Relative), Ct)).Trim();

        var (_, page) = await client.ReadAsync($"/api/v1/history/configmaps/default/{name}?proof=true");

        Assert.True(NoteVerifierKey.TryParse(key, out var verifier));
        Assert.True(SignedNote.TryOpen(page.Value("checkpoint"), [verifier], out var note));
        var lines = note!.Text.Split('\n');
        var (size, root) = (long.Parse(lines[1], CultureInfo.InvariantCulture), Convert.FromBase64String(lines[2]));
        foreach (var row in page["items"]!.AsArray())
        {
            var proof = row!["proof"]!;
            var entry = Convert.FromBase64String(proof.Value("entry"));
            var path = proof["hashes"]!.AsArray().Select(h => Convert.FromBase64String(h!.GetValue<string>())).ToList();
            Assert.Equal(root, Root(entry, proof["leafIndex"]!.GetValue<long>(), size, path));
            var said = JsonNode.Parse(entry)!;
            Assert.Equal(row["sequence"]!.GetValue<long>(), said["seq"]!.GetValue<long>());
            Assert.Equal((row.Value("verb"), row.Value("actor"), row.Value("digest")), (said.Value("verb"), said.Value("actor"), said.Value("digest")));
            Assert.Equal($"configmaps/default/{name}", said.Value("key"));

            entry[^2] ^= 1;
            Assert.NotEqual(root, Root(entry, proof["leafIndex"]!.GetValue<long>(), size, path));
        }
    }

    [Fact]
    public async Task A_history_is_read_by_who_may_read_the_resource_and_proven_to_auditors()
    {
        var name = await MakeAsync("guarded", changes: 0);
        using var administrator = fixture.Host.Client();
        using var viewer = fixture.Host.Client(await administrator.IssueAsync("history-viewer", "viewer"));
        using var auditor = fixture.Host.Client(await administrator.IssueAsync("history-auditor", "auditor"));
        var path = $"/api/v1/history/configmaps/default/{name}";

        Assert.Equal(HttpStatusCode.OK, (await viewer.ReadAsync(path)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.ReadAsync(path + "?proof=true")).Status);
        Assert.Equal(HttpStatusCode.OK, (await auditor.ReadAsync(path + "?proof=true")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.ReadAsync("/api/v1/history/secrets/default/any")).Status);
        var (status, problem) = await viewer.ReadAsync("/api/v1/history/tokens.flagstone.dev/t-x");
        Assert.Equal((HttpStatusCode.NotFound, "no-such-kind"), (status, problem.Slug()));
    }

    [Fact]
    public async Task Cluster_scoped_resources_have_a_history_too_and_what_never_was_has_none()
    {
        using var client = fixture.Host.Client();
        Assert.Equal("system:bootstrap", (await client.ReadAsync("/api/v1/history/namespaces/default")).Body["items"]!.AsArray()[^1]!.Value("actor"));
        Assert.Equal(HttpStatusCode.NotFound, (await client.ReadAsync("/api/v1/history/namespaces/never")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.ReadAsync("/api/v1/history/configmaps/never")).Status);
    }

    /// <summary>RFC 6962 section 2.1.1 read backwards: the root that the path leads to, by the recursion that defines PATH.</summary>
    private static byte[] Root(byte[] entry, long index, long size, List<byte[]> path)
    {
        var next = path.Count;
        var root = Up(index, size);
        Assert.Equal(0, next);
        return root;

        byte[] Up(long m, long n)
        {
            if (n == 1)
            {
                return SHA256.HashData([0, .. entry]);
            }

            var k = 1L;
            while (k * 2 < n)
            {
                k *= 2;
            }

            // The last hash of a path is that of the root's other half.
            var sibling = path[--next];
            return m < k ? SHA256.HashData([1, .. Up(m, k), .. sibling]) : SHA256.HashData([1, .. sibling, .. Up(m - k, n - k)]);
        }
    }

    private async Task<string> MakeAsync(string name, int changes)
    {
        using var client = fixture.Host.KubernetesClient();
        var map = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject { ["n"] = "0" } };
        var (status, made) = await client.PostAsync("/api/v1/namespaces/default/configmaps", map);
        Assert.True(status == HttpStatusCode.Created, made.ToJsonString());
        for (var i = 1; i <= changes; i++)
        {
            map["data"]!["n"] = i.ToString(CultureInfo.InvariantCulture);
            Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Put, $"/api/v1/namespaces/default/configmaps/{name}", map.DeepClone())).Status);
        }

        return name;
    }
}
