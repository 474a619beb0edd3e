using Google.Protobuf;
using Microsoft.JSInterop;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.Console.Codec;

/// <summary>The codec server did not encode what was written.</summary>
public sealed class CodecException(string message, Exception inner) : Exception(message, inner);

/// <summary>Encodes what people write in the console as workers do, by the codec server, which the browser asks. One for each circuit.</summary>
internal sealed class PayloadCodec(CodecOptions options, IJSRuntime browser)
{
    private const string Script = "./_content/Flagstone.Ui/codec.js";

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public CodecOptions Options => options;

    /// <summary>As they are where there is no codec server, or nothing to encode.</summary>
    /// <exception cref="CodecException">It did not answer, or refused: nothing may be sent then.</exception>
    public async Task<Payloads?> EncodeAsync(string ns, Payloads? payloads)
    {
        if (options.Endpoint.Length == 0 || payloads is null)
        {
            return payloads;
        }

        try
        {
            await using var module = await browser.InvokeAsync<IJSObjectReference>("import", Script);
            var codec = new { url = options.Of(ns), @namespace = ns, credentials = options.Credentials };
            return Parser.Parse<Payloads>(await module.InvokeAsync<string>("encode", codec, JsonFormatter.Default.Format(payloads)));
        }
        catch (Exception e) when (e is JSException or InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new CodecException($"What was written could not be encoded: {e.Message.Split('\n')[0]}", e);
        }
    }
}
