using System.ComponentModel.DataAnnotations;
using Flagstone.Workflows.Console.Codec;

namespace Flagstone.Workflows.Tests.Console;

/// <summary>The settings of a codec server.</summary>
public sealed class CodecOptionsTests
{
    [Theory]
    [InlineData("https://codec.example.com/{namespace}/v1", "https://codec.example.com", "https://codec.example.com/a%20b/v1")]
    [InlineData("http://localhost:8888", "http://localhost:8888", "http://localhost:8888")]
    [InlineData("", "", "")]
    public void An_address_may_name_the_namespace_and_pages_may_connect_to_its_origin_alone(string endpoint, string origin, string address)
    {
        var options = new CodecOptions { Endpoint = endpoint }.Checked();
        Assert.Equal((origin, address), (options.Origin, options.Of("a b")));
    }

    [Theory]
    [InlineData("http://codec.example.com")]
    [InlineData("codec.example.com")]
    [InlineData("https://codec.example.com/?key=secret")]
    [InlineData("ftp://codec.example.com")]
    public void An_address_that_would_send_in_the_clear_or_is_none_stops_the_start(string endpoint)
    {
        var refusal = Assert.Throws<ValidationException>(() => new CodecOptions { Endpoint = endpoint }.Checked());
        Assert.Contains("https://", refusal.Message, StringComparison.Ordinal);
    }
}
