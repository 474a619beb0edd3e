using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>Says in words why a request is refused. Git prints a plain text as lines of <c>remote:</c> (remote-curl.c), and nothing of any other body.</summary>
internal static class GitRefusals
{
    public static Task WriteAsync(HttpResponse response, string why)
    {
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(why + "\n", response.HttpContext.RequestAborted);
    }
}
