namespace Charging.Server.Calls;

/// <summary>What the pages of the server have in common: they are in the program, and a browser may do with them what their policy says.</summary>
internal static class StaticPage
{
    /// <summary>A file that was compiled into the program.</summary>
    public static byte[] Read(string resource)
    {
        using var stream = typeof(StaticPage).Assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Says what a browser may do.</summary>
    public static void Protect(HttpResponse response, string policy)
    {
        response.Headers.ContentSecurityPolicy = policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
