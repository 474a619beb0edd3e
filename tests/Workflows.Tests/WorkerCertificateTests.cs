using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Flagstone.Platform.Identity;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests;

/// <summary>Workers that sign in by a certificate.</summary>
public sealed class WorkerCertificateTests
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private const string ForServers = "1.3.6.1.5.5.7.3.1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_with_a_certificate_of_the_authority_runs_the_workflows_of_its_namespace_and_nothing_else()
    {
        using var authority = Authority("Workers");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, authority.ExportCertificatePem(), Ct);
        await using var host = await RunningHost.StartAsync(Ct, settings: ["--Flagstone:TemporalTls=true", $"--Flagstone:TemporalClientCaFile={file}"]);
        File.Delete(file);
        var root = Convert.FromBase64String(
            File.ReadLines(host.Kubeconfig).Single(l => l.Contains("certificate-authority-data", StringComparison.Ordinal)).Split(": ")[1].Trim('"'));

        var client = await ConnectAsync(Signed(authority, "CN=worker.default", ForClients));
        await using (var worker = RunningWorker.Start(client))
        {
            Assert.Equal("Hello, Ada!", await client.ExecuteWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options()));
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "other" }));
        Assert.Equal(RpcException.StatusCode.PermissionDenied, refused.Code);

        // Of another authority, for servers, too old, or of nobody: none comes in.
        using var stranger = Authority("Workers");
        foreach (var (wrong, why) in ((X509Certificate2, string)[])[
            (Signed(stranger, "CN=worker.default", ForClients), "another authority"), (Signed(authority, "CN=worker.default", ForServers), "for servers"),
            (Signed(authority, "CN=worker.default", ForClients, -2), "too old"), (Signed(authority, "CN=admin", ForClients), "no worker"),
            (Signed(authority, "CN=worker.default, CN=worker.other", ForClients), "two names")])
        {
            Assert.True(await Record.ExceptionAsync(() => ConnectAsync(wrong)) is not null, why);
        }

        // Who shows none signs in with a token as before.
        Assert.True(await (await HostFixture.ConnectAsync(host, tls: new TlsOptions { ServerRootCACert = root, Domain = "localhost" })).Connection.CheckHealthAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => TemporalClient.ConnectAsync(
            new($"127.0.0.1:{host.TemporalPort}") { Tls = new TlsOptions { ServerRootCACert = root, Domain = "localhost" } }));

        Task<TemporalClient> ConnectAsync(X509Certificate2 certificate) => TemporalClient.ConnectAsync(new($"127.0.0.1:{host.TemporalPort}")
        {
            Tls = new TlsOptions
            {
                ServerRootCACert = root, Domain = "localhost", ClientCert = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()),
                ClientPrivateKey = Encoding.ASCII.GetBytes(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            },
        });
    }

    [Theory]
    [InlineData("CN=worker.claims", "claims")]
    [InlineData("O=Insurance, CN=worker.claims", "claims")]
    [InlineData("CN=claims", null)]
    [InlineData("CN=worker.", null)]
    [InlineData("O=worker.claims", null)]
    [InlineData("CN=worker.claims, CN=worker.other", null)]
    [InlineData("CN=worker.claims+CN=worker.other", null)]
    public void The_common_name_alone_says_of_which_namespace_a_worker_is(string subject, string? ns)
    {
        using var certificate = Authority("Any", subject);
        Assert.Equal(ns is null ? null : (Role.Worker, ns), WorkerCertificate.CallerOf(certificate) is { } caller ? (caller.Role, caller.Namespace) : ((Role, string)?)null);
    }

    [Fact]
    public async Task An_authority_without_TLS_or_that_cannot_be_read_stops_the_start_and_says_why()
    {
        Assert.Contains("Set Flagstone:TemporalTls=true too.", await RefusalAsync("--Flagstone:TemporalClientCaFile=/nowhere"), StringComparison.Ordinal);
        Assert.Contains(
            "TemporalClientCaFile is '/nowhere', which cannot be read",
            await RefusalAsync("--Flagstone:TemporalTls=true", "--Flagstone:TemporalClientCaFile=/nowhere"), StringComparison.Ordinal);

        static async Task<string> RefusalAsync(params string[] settings) => (await Assert.ThrowsAnyAsync<Exception>(() => RunningHost.StartAsync(Ct, settings: settings))).Message;
    }

    private static X509Certificate2 Authority(string name, string? subject = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName(subject ?? $"CN={name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(150));
    }

    private static X509Certificate2 Signed(X509Certificate2 authority, string subject, string use, int endsInDays = 2)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(authority, now.AddDays(-10), now.AddDays(endsInDays), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
