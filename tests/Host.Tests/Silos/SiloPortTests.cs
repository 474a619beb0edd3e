using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.Host.Tests.Silos;

/// <summary>Whoever runs on this machine reaches the silo's port. A silo greets its peers at once; nobody else hears a word of its protocol.</summary>
public sealed class SiloPortTests(HostFixture fixture)
{
    /// <summary>Longer than the silo waits for a handshake, which is ten seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RunningHost Host => fixture.Host;

    /// <summary>The control: with the installation's key the port does speak, so that silence to others is no accident.</summary>
    [Fact]
    public async Task A_peer_with_the_installations_key_is_greeted()
    {
        using var limit = Limit();
        using var identity = new SiloIdentity(await File.ReadAllBytesAsync(Path.Combine(Host.Data, "keys", "sealing.key"), limit.Token));

        Assert.True(await HeardAsync(SslProtocols.None, identity.Certificate, limit.Token) > 0);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("1.2", false)]
    [InlineData("1.3", false)]
    [InlineData("", true)]
    [InlineData("1.2", true)]
    [InlineData("1.3", true)]
    public async Task A_client_without_a_certificate_or_with_one_of_its_own_hears_nothing(string version, bool certificate)
    {
        using var limit = Limit();
        using var stranger = certificate ? new SiloIdentity(RandomNumberGenerator.GetBytes(32)) : null;

        Assert.Equal(0, await HeardAsync(Version(version), stranger?.Certificate, limit.Token));
    }

    /// <summary>The silo's own certificate is public to who connects; without its key it is of no use.</summary>
    [Fact]
    public async Task A_client_is_shown_a_certificate_that_tells_nothing_but_the_public_key()
    {
        using var limit = Limit();
        X509Certificate2? shown = null;
        var sealing = await File.ReadAllBytesAsync(Path.Combine(Host.Data, "keys", "sealing.key"), limit.Token);
        await HeardAsync(SslProtocols.None, null, limit.Token, c => shown = X509CertificateLoader.LoadCertificate(c.GetRawCertData()));

        using (shown)
        {
            Assert.Equal("CN=flagstone silo", shown!.Subject);
            Assert.True(shown.RawData.AsSpan().IndexOf(sealing) < 0);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_without_TLS_hears_nothing_and_is_closed(bool speaks)
    {
        using var limit = Limit();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Host.SiloPort, limit.Token);
        var stream = client.GetStream();
        if (speaks)
        {
            // The length of a preamble and the begin of one.
            await stream.WriteAsync(new byte[] { 64, 0, 0, 0, 0x20, 0x40, 1, 2, 3, 4, 5, 6, 7, 8 }, limit.Token);
        }

        var heard = await ToEndAsync(stream, limit.Token);

        // A TLS alert (content type 21) is the answer to what is no ClientHello; no record of application data, and nothing that is no record.
        Assert.True(heard.Length == 0 || (heard[0] == 21 && heard.Length == 7), Convert.ToHexString(heard));
    }

    private async Task<int> HeardAsync(SslProtocols version, X509Certificate2? certificate, CancellationToken ct, Action<X509Certificate>? shown = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Host.SiloPort, ct);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "flagstone",
                    EnabledSslProtocols = version,
                    LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
                    RemoteCertificateValidationCallback = (_, c, _, _) =>
                    {
                        shown?.Invoke(c!);
                        return c is not null;
                    },
                },
                ct);
            // In TLS 1.3 the client's side is done before the server has judged: what counts is what comes then.
            return await tls.ReadAsync(new byte[1024], ct);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return 0;
        }
    }

    private static async Task<byte[]> ToEndAsync(NetworkStream stream, CancellationToken ct)
    {
        using var heard = new MemoryStream();
        try
        {
            await stream.CopyToAsync(heard, ct);
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }

        return heard.ToArray();
    }

    private static SslProtocols Version(string version) => version switch
    {
#pragma warning disable CA5398 // Each is asked for on purpose.
        "1.2" => SslProtocols.Tls12,
        "1.3" => SslProtocols.Tls13,
#pragma warning restore CA5398
        _ => SslProtocols.None,
    };

    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        return limit;
    }
}
