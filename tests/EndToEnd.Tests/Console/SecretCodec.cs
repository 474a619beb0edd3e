using System.Security.Cryptography;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Converters;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Encrypts all payloads, as a company's codec does.</summary>
internal sealed class SecretCodec : IPayloadCodec
{
    private const int Tag = 16;
    private const int Nonce = 12;

    private static readonly ByteString Encoding = ByteString.CopyFromUtf8("binary/encrypted");

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);

    public Task<IReadOnlyCollection<Payload>> EncodeAsync(IReadOnlyCollection<Payload> payloads) =>
        Task.FromResult<IReadOnlyCollection<Payload>>([.. payloads.Select(Encode)]);

    public Task<IReadOnlyCollection<Payload>> DecodeAsync(IReadOnlyCollection<Payload> payloads) =>
        Task.FromResult<IReadOnlyCollection<Payload>>([.. payloads.Select(Decode)]);

    private Payload Encode(Payload payload)
    {
        var (nonce, plain) = (RandomNumberGenerator.GetBytes(Nonce), payload.ToByteArray());
        var (cipher, tag) = (new byte[plain.Length], new byte[Tag]);
        using var aes = new AesGcm(key, Tag);
        aes.Encrypt(nonce, plain, cipher, tag);
        return new Payload { Metadata = { ["encoding"] = Encoding }, Data = ByteString.CopyFrom([.. nonce, .. tag, .. cipher]) };
    }

    private Payload Decode(Payload payload)
    {
        if (payload.Metadata.GetValueOrDefault("encoding") != Encoding)
        {
            throw new InvalidOperationException($"This is not encrypted: {payload.Data.ToString(System.Text.Encoding.UTF8)}");
        }

        var data = payload.Data.Span;
        var plain = new byte[data.Length - Nonce - Tag];
        using var aes = new AesGcm(key, Tag);
        aes.Decrypt(data[..Nonce], data[(Nonce + Tag)..], data[Nonce..(Nonce + Tag)], plain);
        return Payload.Parser.ParseFrom(plain);
    }
}
