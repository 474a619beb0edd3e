using System.ComponentModel.DataAnnotations;
using Flagstone.Workflows.Servers;

namespace Flagstone.Workflows.Tests.Servers;

/// <summary>The settings of a Temporal server elsewhere.</summary>
public sealed class ServerOptionsTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Without_an_address_the_embedded_server_is_used() => Assert.Null(new ServerOptions { ApiKeyFile = "/nowhere" }.ToServer());

    [Fact]
    public void Keys_and_certificates_are_read_from_files_and_the_channel_is_encrypted_unless_said_otherwise()
    {
        File.WriteAllText(file, "secret\n");

        var server = new ServerOptions { Address = "temporal.example.com:7233", ApiKeyFile = file, CertificateFile = file, KeyFile = file }.ToServer()!;

        Assert.Equal(("secret", true, "secret\n", "secret\n"), (server.ApiKey, server.UseTls, server.ClientCertificate, server.ClientKey));
        Assert.Equal("temporal.example.com:7233", server.ToString());
    }

    [Theory]
    [InlineData("temporal.example.com")]
    [InlineData("temporal.example.com:http")]
    [InlineData(":7233")]
    public void An_address_that_is_none_stops_the_start_and_says_how_one_is_written(string address)
    {
        var refusal = Assert.Throws<ValidationException>(() => new ServerOptions { Address = address }.ToServer());
        Assert.Contains("Write HOST:PORT", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_stops_the_start_and_is_named()
    {
        var refusal = Assert.Throws<ValidationException>(() => new ServerOptions { Address = "localhost:7233", CaFile = "/nowhere/ca.pem" }.ToServer());
        Assert.Contains("CaFile is '/nowhere/ca.pem', which cannot be read", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_without_its_key_stops_the_start() =>
        Assert.Throws<ValidationException>(() => new ServerOptions { Address = "localhost:7233", CertificateFile = file }.ToServer());
}
