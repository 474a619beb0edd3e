using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>What s3rver does not have of S3: a bucket's tags and settings. It gives back what was put, and S3's errors for what was not.</summary>
internal sealed class BucketSettingsServer : IAsyncDisposable
{
    private static readonly XNamespace S3 = "http://s3.amazonaws.com/doc/2006-03-01/";

    private static readonly Dictionary<string, string> Missing = new()
    {
        ["tagging"] = "NoSuchTagSet",
        ["publicAccessBlock"] = "NoSuchPublicAccessBlockConfiguration",
        ["encryption"] = "ServerSideEncryptionConfigurationNotFoundError",
        ["policy"] = "NoSuchBucketPolicy",
        ["ownershipControls"] = "OwnershipControlsNotFoundError",
        ["lifecycle"] = "NoSuchLifecycleConfiguration",
    };

    private WebApplication? app;

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public ConcurrentDictionary<string, bool> Buckets { get; } = new();

    /// <summary>By <c>BUCKET?SETTING</c>.</summary>
    public ConcurrentDictionary<string, string> Settings { get; } = new();

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var bucket = context.Request.Path.Value!.Trim('/');
        var setting = context.Request.Query.Keys.FirstOrDefault(k => k is "versioning" || Missing.ContainsKey(k)) ?? "";
        var key = $"{bucket}?{setting}";
        var method = context.Request.Method;
        if (method == "PUT" && setting.Length == 0)
        {
            Buckets[bucket] = true;
            if (body.Length > 0 && XDocument.Parse(body).Descendants().FirstOrDefault(e => e.Name.LocalName == "Tags") is { } tags)
            {
                Settings[$"{bucket}?tagging"] = new XElement(S3 + "Tagging", new XElement(S3 + "TagSet", tags.Elements())).ToString();
            }

            return;
        }

        if (!Buckets.ContainsKey(bucket))
        {
            await RefuseAsync(context, "NoSuchBucket");
            return;
        }

        switch (method)
        {
            case "PUT":
                Settings[key] = body;
                break;
            case "DELETE" when setting.Length == 0:
                Buckets.TryRemove(bucket, out _);
                context.Response.StatusCode = 204;
                break;
            case "DELETE":
                Settings.TryRemove(key, out _);
                context.Response.StatusCode = 204;
                break;
            default:
                if (Settings.TryGetValue(key, out var found))
                {
                    await context.Response.WriteAsync(found);
                }
                else if (setting == "versioning")
                {
                    await context.Response.WriteAsync(new XElement(S3 + "VersioningConfiguration").ToString());
                }
                else
                {
                    await RefuseAsync(context, Missing[setting]);
                }

                break;
        }
    }

    private static Task RefuseAsync(HttpContext context, string code)
    {
        context.Response.StatusCode = 404;
        return context.Response.WriteAsync(new XElement("Error", new XElement("Code", code), new XElement("Message", code)).ToString());
    }
}
