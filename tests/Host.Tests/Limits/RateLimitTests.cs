using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.Host.Tests.Limits;

/// <summary>A host of low limits, so that a few requests reach them.</summary>
public sealed class LimitedHost : IAsyncLifetime
{
    private RunningHost? host;

    public RunningHost Host => host!;

    public async ValueTask InitializeAsync() => host = await RunningHost.StartAsync(
        CancellationToken.None, settings: ["--Flagstone:Limits:FailedSignIns=5", "--Flagstone:Limits:FailedSignInsPerSecond=1", "--Flagstone:Limits:Changes=3", "--Flagstone:Limits:ChangesPerSecond=1"]);

    public ValueTask DisposeAsync() => host is null ? ValueTask.CompletedTask : host.DisposeAsync();
}

public sealed class RateLimitTests(LimitedHost limited) : IClassFixture<LimitedHost>
{
    private const string NoToken = "fst_none";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_fails_to_sign_in_again_and_again_is_told_to_wait_and_a_good_token_from_there_is_not(bool kubernetes)
    {
        using var stranger = kubernetes ? limited.Host.KubernetesClient(NoToken) : limited.Host.Client(NoToken);
        using var known = kubernetes ? limited.Host.KubernetesClient() : limited.Host.Client();
        var path = new Uri(kubernetes ? "/api/v1/namespaces" : "/api/v1/services", UriKind.Relative);

        using var refused = await UntilRefusedAsync(() => stranger.GetAsync(path, Ct), HttpStatusCode.Unauthorized);

        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        var said = JsonNode.Parse(await refused.Content.ReadAsStringAsync(Ct))!.AsObject();
        Assert.Equal("too-many-requests", kubernetes ? "too-many-requests" : said.Slug());
        Assert.Equal(kubernetes ? "TooManyRequests" : null, said["reason"]?.GetValue<string>());
        using var good = await known.GetAsync(path, Ct);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task A_blocked_address_may_still_push_with_a_good_token_and_see_what_is_public()
    {
        using var stranger = limited.Host.Client(NoToken);
        (await UntilRefusedAsync(() => stranger.GetAsync(new Uri("/api/v1/services", UriKind.Relative), Ct), HttpStatusCode.Unauthorized)).Dispose();
        using var git = limited.Host.Client();
        git.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"any:{limited.Host.Token}")));
        using var open = new HttpClient { BaseAddress = git.BaseAddress };

        using var pushed = await git.GetAsync(new Uri("/git/nothing.git/info/refs?service=git-upload-pack", UriKind.Relative), Ct);
        using var page = await open.GetAsync(new Uri("/sign-in", UriKind.Relative), Ct);

        Assert.Equal(HttpStatusCode.NotFound, pushed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task One_principals_changes_are_bounded_and_neither_its_reads_nor_anothers_changes_are()
    {
        using var administrator = limited.Host.Client();
        using var busy = limited.Host.Client(await administrator.IssueAsync("busy", "viewer"));
        using var other = limited.Host.Client(await administrator.IssueAsync("other", "viewer"));
        var path = new Uri("/api/v1/tokens/t-x", UriKind.Relative);

        using var refused = await UntilRefusedAsync(() => busy.DeleteAsync(path, Ct), HttpStatusCode.Forbidden);

        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal("too-many-requests", JsonNode.Parse(await refused.Content.ReadAsStringAsync(Ct))!.AsObject().Slug());
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await busy.ReadAsync("/api/v1/services")).Status);
        using var theirs = await other.DeleteAsync(path, Ct);
        Assert.Equal(HttpStatusCode.Forbidden, theirs.StatusCode);
    }

    /// <summary>Asks until 429; any answer but the expected one before is wrong. The buckets refill while it asks, so the count is not exact.</summary>
    private static async Task<HttpResponseMessage> UntilRefusedAsync(Func<Task<HttpResponseMessage>> ask, HttpStatusCode before)
    {
        for (var i = 0; i < 200; i++)
        {
            var answer = await ask();
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                return answer;
            }

            Assert.Equal(before, answer.StatusCode);
            answer.Dispose();
        }

        throw new Xunit.Sdk.XunitException("200 requests in a row were answered.");
    }
}
