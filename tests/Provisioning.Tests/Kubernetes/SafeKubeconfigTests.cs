using Flagstone.Provisioning.Providers.Kubernetes;

namespace Flagstone.Provisioning.Tests.Kubernetes;

public sealed class SafeKubeconfigTests
{
    private const string Secret = "s3cr3t-t0k3n";

    [Theory]
    [InlineData("token: " + Secret, "")]
    [InlineData("username: someone, password: " + Secret, "")]
    public async Task Credentials_are_taken(string user, string cluster)
    {
        var (configuration, problem) = await SafeKubeconfig.ReadAsync(Text(user, cluster));

        Assert.Null(problem);
        Assert.Equal("https://cluster.example.com:6443", configuration!.Host);
    }

    [Theory]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [/tmp/owned]}", "", "exec")]
    [InlineData("auth-provider: {name: oidc, config: {}}", "", "auth-provider")]
    [InlineData("client-certificate: /etc/passwd", "", "client-certificate")]
    [InlineData("client-key: /etc/passwd", "", "client-key")]
    [InlineData("token: x", ", certificate-authority: /etc/passwd", "certificate-authority")]
    public async Task What_runs_a_program_or_reads_a_file_is_refused_by_name(string user, string cluster, string field)
    {
        var (configuration, problem) = await SafeKubeconfig.ReadAsync(Text(user, cluster));

        Assert.Null(configuration);
        Assert.StartsWith($"its field {field} has this machine run a program or read a file.", problem, StringComparison.Ordinal);
    }

    /// <summary>The client reads a token's file only where the user has none; none is read at all.</summary>
    [Fact]
    public async Task A_token_from_a_file_is_not_read()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Secret, TestContext.Current.CancellationToken);
        var (configuration, _) = await SafeKubeconfig.ReadAsync(Text($"tokenFile: {file}", ""));
        File.Delete(file);

        Assert.Null(configuration?.AccessToken);
        Assert.Null(configuration?.TokenProvider);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Secret)]
    [InlineData("a: [" + Secret)]
    [InlineData("users: " + Secret)]
    [InlineData("users: [" + Secret + "]\ncurrent-context: x")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: a, user: b}}]\nclusters: [{name: a, cluster: {server: " + Secret + "}}]\nusers: [{name: b, user: {}}]")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: a, user: b}}]\nclusters: [{name: a, cluster: {server: https://a, certificate-authority-data: " + Secret + "}}]\nusers: [{name: b, user: {}}]")]
    public async Task What_cannot_be_read_is_refused_and_not_repeated(string text)
    {
        var (configuration, problem) = await SafeKubeconfig.ReadAsync(text);

        Assert.Null(configuration);
        Assert.DoesNotContain(Secret, problem, StringComparison.Ordinal);
    }

    private static string Text(string user, string cluster) => $$"""
        apiVersion: v1
        kind: Config
        clusters: [{name: here, cluster: {server: "https://cluster.example.com:6443"{{cluster}} } }]
        users: [{name: me, user: { {{user}} } }]
        contexts: [{name: now, context: {cluster: here, user: me} }]
        current-context: now
        """;
}
