using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>One of the requests of Git's smart protocol (gitprotocol-http). There are four, and nothing else is passed on.</summary>
internal sealed record GitService(string Method, string Path, string Query, string ContentType, GitAccess Access)
{
    private const string Upload = "git-upload-pack";
    private const string Receive = "git-receive-pack";

    public static GitService UploadPack { get; } = new("POST", Upload, "", $"application/x-{Upload}-request", GitAccess.Read);

    public static GitService ReceivePack { get; } = new("POST", Receive, "", $"application/x-{Receive}-request", GitAccess.Write);

    private static GitService AdvertiseUpload { get; } = new("GET", "info/refs", $"service={Upload}", "", GitAccess.Read);

    private static GitService AdvertiseReceive { get; } = new("GET", "info/refs", $"service={Receive}", "", GitAccess.Write);

    /// <summary>What a request for <c>info/refs</c> asks to be told of, or null: without a service it is the dumb protocol.</summary>
    public static GitService? Advertisement(HttpRequest request) => request.QueryString.Value switch
    {
        $"?service={Upload}" => AdvertiseUpload,
        $"?service={Receive}" => AdvertiseReceive,
        _ => null,
    };

    public bool Takes(HttpRequest request) => ContentType.Length == 0 || request.ContentType == ContentType;
}
